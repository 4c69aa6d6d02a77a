-- What each customer owes us, by age: open invoices, what no invoice says yet, less credit that no invoice has taken.
-- net = open + unbilled - unallocated, and that is its balance with the sign turned (tests/assertions).

with customers as (
    select account_id, currency
    from {{ ref('stg_accounts') }}
    where kind <> 'carrier'

    union

    -- an account that the configuration has no more keeps its books
    select l.account_id, l.currency
    from {{ ref('ledger_entries') }} as l
    anti join {{ ref('stg_accounts') }} as a on l.account_id = a.account_id
),

open_invoices as (
    select
        account_id,
        currency,
        sum(open) as open,
        sum(greatest(paid, 0)) as taken,
        {% for bucket in ['current', '1-30', '31-60', '61-90', 'over_90'] %}
            sum(open) filter (where bucket = '{{ bucket }}') as bucket_{{ loop.index }},
        {% endfor %}
    from {{ ref('receivables') }}
    group by account_id, currency
),

credits as (
    select account_id, currency, sum(amount) as amount
    from {{ ref('account_credits') }}
    group by account_id, currency
),

-- postings that are on no document, and what is not posted yet
unbilled as (
    select account_id, currency, -sum(amount) as amount
    from (
        select l.account_id, l.currency, l.amount
        from {{ ref('ledger_entries') }} as l
        anti join {{ ref('invoice_entries') }} as e on l.entry_id = e.entry_id
        where not {{ is_payment('l.kind') }}

        union all

        select account_id, currency, amount
        from {{ ref('ledger_due') }}
    )
    group by account_id, currency
),

added_up as (
    select
        a.account_id,
        a.currency,
        {% for n in range(1, 6) %}
            coalesce(o.bucket_{{ n }}, 0)::DECIMAL(20, 8) as bucket_{{ n }},
        {% endfor %}
        coalesce(o.open, 0) as open,
        coalesce(u.amount, 0) as unbilled,
        coalesce(c.amount, 0) - coalesce(o.taken, 0) as unallocated,
        clock.now::DATE as as_of,
    from customers as a
    left join open_invoices as o on a.account_id = o.account_id and a.currency = o.currency
    left join credits as c on a.account_id = c.account_id and a.currency = c.currency
    left join unbilled as u on a.account_id = u.account_id and a.currency = u.currency
    cross join {{ ref('stg_clock') }} as clock
)

select
    account_id,
    currency,
    bucket_1 as current,
    bucket_2 as days_1_30,
    bucket_3 as days_31_60,
    bucket_4 as days_61_90,
    bucket_5 as over_90,
    open::DECIMAL(20, 8) as open,
    unbilled::DECIMAL(20, 8) as unbilled,
    unallocated::DECIMAL(20, 8) as unallocated,
    (open + unbilled - unallocated)::DECIMAL(20, 8) as net,
    as_of,
from added_up
