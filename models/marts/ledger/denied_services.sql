-- Calls and usage that started although the balance and the credit did not cover them. What happened to an account is
-- taken in order of its instants; at the same one payments come first, then calls, then usage and subscriptions (which
-- take of the balance, and are no service that starts). Worked out from what is known now: late rows change it.

with facts as (
    -- what the account charges us for the same call is its own before it pays for it
    {% for side, sign in [('buy', ''), ('sell', '-')] %}
        select
            {{ side }}_account_id as account_id,
            day,
            charged_at,
            'calls' as kind,
            {{ loop.index }} as turn,
            source,
            call_id,
            attempt,
            null::VARCHAR as usage_id,
            null::VARCHAR as service,
            {{ side }}_destination as destination,
            {{ sign }}{{ side }}_account_amount as change,
        from {{ ref('rated_calls') }}
        where {{ side }}_status = 'rated' and {{ side }}_account_amount <> 0

        union all by name

    {% endfor %}
    select
        account_id,
        day,
        occurred_at as charged_at,
        kind,
        3 as turn,
        source,
        usage_id,
        service,
        -account_amount as change,
    from {{ ref('rated_usage') }}
    where status = 'rated'

    union all by name

    select
        account_id,
        day,
        paid_at as charged_at,
        'payment' as kind,
        0 as turn,
        source,
        payment_id as usage_id,
        amount as change,
    from {{ ref('stg_payments') }}
),

ordered as (
    select
        f.*,
        e.credit_limit,
        e.buffer,
        e.currency,
        e.opening + sum(f.change) over (
            partition by f.account_id, f.day
            order by f.charged_at, f.turn, f.source, f.call_id, f.attempt, f.usage_id
            rows unbounded preceding
        ) - f.change as balance_before,
    from facts as f
    inner join {{ ref('exposed_days') }} as e on f.account_id = e.account_id and f.day = e.day
)

select
    account_id,
    kind,
    source,
    call_id,
    attempt,
    usage_id,
    day,
    charged_at,
    service,
    destination,
    (-change)::DECIMAL(20, 8) as amount,
    balance_before::DECIMAL(20, 8) as balance_before,
    credit_limit,
    buffer,
    (balance_before + credit_limit - buffer)::DECIMAL(20, 8) as available_before,
    (-change - greatest(balance_before + credit_limit, 0))::DECIMAL(20, 8) as short_by,
    currency,
from ordered
where kind in ('calls', 'usage') and change < 0 and balance_before + credit_limit < -change
