-- From the switch's count to the payment, each step and what is missing after it are the step before; what is charged
-- is what account_charges_daily comes to, what is posted what the ledger says, for every currency of the day.
{{ config(meta={'dagster': {'ref': {'name': 'revenue_assurance_daily'}}}) }}

{% set steps = [
    ('switch_cdrs', 'not_seen_cdrs', 'seen_cdrs'),
    ('seen_cdrs', 'rejected_cdrs + waived_cdrs', 'landed_cdrs'),
    ('seen_cdrs', 'not_landed_cdrs', 'landed_cdrs'),
    ('landed_cdrs', 'not_rated_cdrs', 'rated_cdrs'),
    ('rated', 'netted', 'charged'),
    ('charged', 'not_posted', 'posted'),
    ('posted', 'not_invoiced', 'invoiced'),
    ('invoiced', 'not_paid', 'paid'),
    ('charged_items', 'not_posted_items', 'posted_items'),
    ('posted_items', 'not_invoiced_items', 'invoiced_items'),
    ('invoiced_items', 'not_paid_items', 'paid_items'),
] %}

with waterfall as (
    select *
    from {{ ref('revenue_assurance_daily') }}
    where day in {{ checked_days() }}
),

money as (
    select *
    from waterfall
    where currency is not null
),

sources as (
    select
        day,
        currency,
        coalesce(sum(charged), 0) as charged,
        coalesce(sum(posted), 0) as posted,
    from (
        select a.day, a.account_id, a.currency, -a.amount as charged, 0 as posted
        from {{ ref('account_charges_daily') }} as a
        union all
        select l.day, l.account_id, l.currency, 0 as charged, -l.amount as posted
        from {{ ref('ledger_entries') }} as l
        where l.fact is not null
    )
    where
        day in {{ checked_days() }}
        and account_id not in (
            select account_id
            from {{ ref('stg_accounts') }}
            where kind = 'carrier'
        )
    group by day, currency
),

broken as (
    {% for before, missing, after in steps %}
        select
            day,
            coalesce(source, currency) as key,
            '{{ after }} ' || ({{ after }}) || ' and {{ missing }} ' || ({{ missing }}) || ' are not {{ before }} '
            || {{ before }} as words,
        from waterfall
        where {{ after }} + {{ missing }} <> {{ before }}
        union all
    {% endfor %}
    select
        coalesce(s.day, w.day) as day,
        coalesce(s.currency, w.currency) as key,
        {{ differs('charged', 'the waterfall', 'w.charged', 'the charges', 's.charged') }} || '; '
        || {{ differs('posted', 'the waterfall', 'w.posted', 'the ledger', 's.posted') }} as words,
    from sources as s
    full outer join money as w on s.day = w.day and s.currency = w.currency
    where coalesce(s.charged, 0) <> coalesce(w.charged, 0) or coalesce(s.posted, 0) <> coalesce(w.posted, 0)
)

select
    day,
    key,
    key || ': ' || words as detail,
from broken
