-- What was waived as unrated is unrated still. A warning: a price that came since charges it, and the day closes so.
{{ config(severity='warn', meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'The day closes with what it is rated at. Where it is to be charged to nobody, let the price begin after it '
        ~ '(valid_from), or credit it: tollbook invoice ACCOUNT PERIOD --credit-note --amount AMOUNT --reason TEXT.',
}) }}

with charged as (
    {% for side in ['sell', 'buy'] %}
        select
            day,
            'cdrs' as kind,
            source,
            call_id as key,
            '{{ side }} leg of ' || {{ side }}_account_id as words,
            {{ side }}_reporting_amount as amount,
        from {{ ref('rated_calls') }}
        where day in {{ checked_days() }} and {{ side }}_status = 'rated' and {{ side }}_reporting_amount <> 0

        union all
    {% endfor %}
    select
        day,
        'usage' as kind,
        source,
        usage_id as key,
        service || ' of ' || account_id as words,
        reporting_amount as amount,
    from {{ ref('rated_usage') }}
    where day in {{ checked_days() }} and status = 'rated' and reporting_amount <> 0
),

by_key as (
    select
        w.day,
        w.what,
        w.key,
        w.kind,
        w.source,
        string_agg(
            c.words || ' ' || {{ plainly('c.amount') }} || ' ' || w.currency,
            ', '
            order by c.words, c.amount
        ) as words,
    from {{ ref('standing_waivers') }} as w
    inner join charged as c on w.day = c.day and w.what = 'call' and w.key = c.key and {{ waived_of('w', 'c') }}
    group by w.day, w.what, w.key, w.kind, w.source
)

select
    w.day,
    concat_ws(' ', w.what, w.key, w.kind, w.source) as key,
    w.what || ' ' || w.key || coalesce(' of ' || w.source, '') || ' was waived (' || w.operator || ': ' || w.reason
    || '), and ' || case w.settles when 0 then 'nothing' else 'only ' || w.settles end || ' of it is unrated still'
    || coalesce('; charged: ' || k.words, '; what has a price now is charged') as detail,
from {{ ref('standing_waivers') }} as w
left join by_key as k
    on
        w.day = k.day
        and w.what = k.what
        and w.key = k.key
        and w.kind is not distinct from k.kind
        and w.source is not distinct from k.source
where
    w.settles < coalesce(w.settled, 1)
    and (w.what = 'reason' or k.key is not null)
