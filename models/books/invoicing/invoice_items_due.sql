-- Every call, usage record and subscription charge behind the documents being made, as it is rated now.
-- `account_amount` is what is charged for it in the account's currency; what we owe the account for calls is below 0.

with periods as (
    select *
    from {{ ref('invoicing') }}
    where not is_credit_note
),

days as (
    select
        document_id,
        account_id,
        starts_at,
        ends_at,
        unnest(range(first_day::TIMESTAMP, last_day + interval 1 day, interval 1 day))::DATE as day,
    from periods
)
{% for side, kind, sign, owed in [('sell', 'calls', '', ''), ('buy', 'termination', '-', 'Owed to you: ')] %}

    select
        d.document_id,
        '{{ kind }}' as kind,
        '{{ owed }}' || coalesce(nullif(l.{{ side }}_destination, ''), 'Other destinations') as description,
        l.source,
        l.call_id,
        l.attempt,
        l.day,
        l.charged_at,
        l.calling_number,
        l.called_number,
        null::VARCHAR as service,
        l.{{ side }}_destination as destination,
        l.{{ side }}_rate_table_id as rate_table_id,
        l.{{ side }}_prefix as prefix,
        l.{{ side }}_band as band,
        l.{{ side }}_rate_per_minute as rate_per_minute,
        null::DECIMAL(20, 8) as quantity,
        null::DECIMAL(20, 8) as unit_price,
        l.duration_s,
        l.{{ side }}_billed_s as billed_s,
        l.{{ side }}_amount as amount,
        l.{{ side }}_currency as currency,
        ({{ sign }}l.{{ side }}_account_amount)::DECIMAL(20, 8) as account_amount,
        l.{{ side }}_covered_s as covered_s,
        l.{{ side }}_covered_amount as covered_amount,
    from {{ ref('rated_calls') }} as l
    inner join days as d on l.day = d.day and l.{{ side }}_account_id = d.account_id
    where
        l.{{ side }}_status = 'rated'
        and (l.answered or l.{{ side }}_account_amount <> 0)
        and l.charged_at >= d.starts_at
        and l.charged_at < d.ends_at

    union all by name
{% endfor %}

select
    d.document_id,
    u.kind,
    u.service || case when u.days < u.of_days then ', ' || u.days || ' of ' || u.of_days || ' days' else '' end
        as description,
    u.source,
    u.usage_id as call_id,
    null::INTEGER as attempt,
    u.day,
    u.occurred_at as charged_at,
    null::VARCHAR as calling_number,
    null::VARCHAR as called_number,
    u.service,
    null::VARCHAR as destination,
    null::VARCHAR as rate_table_id,
    null::VARCHAR as prefix,
    null::VARCHAR as band,
    null::DECIMAL(20, 8) as rate_per_minute,
    u.quantity,
    u.unit_price,
    null::DECIMAL(12, 3) as duration_s,
    null::DECIMAL(12, 3) as billed_s,
    u.amount,
    u.currency,
    u.account_amount,
    null::DECIMAL(12, 3) as covered_s,
    null::DECIMAL(20, 8) as covered_amount,
from {{ ref('rated_usage') }} as u
inner join days as d on u.day = d.day and u.account_id = d.account_id
where u.status = 'rated' and u.occurred_at >= d.starts_at and u.occurred_at < d.ends_at
