-- No answered leg and no usage of the day is without a price, unless it was waived.
{#- What helps depends on the reason: the rows' own `remedy`. -#}
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Or let it pass: tollbook waive --day DAY --call ID --reason TEXT (--reason-code REASON for all of a kind).',
}) }}
{%- set remedies = {
    'no_account': 'add its trunk to seeds/trunks.csv; where the account that has it has ended (valid_to in '
        ~ 'seeds/accounts.csv), end the trunk there as well and give it to another account',
    'no_account of usage': 'the account has ended (valid_to in seeds/accounts.csv), or is not there any more; let it end '
        ~ 'later if the usage is its',
    'no_rate_table': 'give the account a rate table for this side in seeds/rate_assignments.csv',
    'bad_number': 'no table prices a number of other than 1 to 15 digits, land the call with the number as it should be: '
        ~ 'tollbook land FILE --supersede --reason TEXT; of a source whose calls go to what is none (*97, s, voicemail), '
        ~ 'write ignore in not_numbers of seeds/sources.csv',
    'no_rate': 'add a price to seeds/rates.csv, or accept a deck that has it',
    'no_rate of usage': 'add a price to seeds/service_rates.csv',
    'blocked': 'the rate is blocked and has no price, give it one if such calls are charged',
    'no_cost': 'land the call with what the carrier charges in the currency of the table (tollbook land FILE --supersede '
        ~ '--reason TEXT); a markup waits for a price of the other leg',
    'no_fx': 'add the rate of the two currencies to seeds/fx_rates.csv',
} %}

{%- set said_before = {
    'no_account': "coalesce(n.words, '') || ",
    'no_rate of usage': "coalesce(s.words, '') || ",
} %}

with unrated as (
    {% for side, direction in [('sell', 'ingress'), ('buy', 'egress')] %}
        select
            day,
            'cdrs' as kind,
            source,
            source || ':' || call_id || ':' || attempt as key,
            call_id,
            {{ side }}_reason as reason,
            {{ side }}_reason as remedied,
            '{{ direction }}' as direction,
            {{ direction }}_trunk as trunk_id,
            charged_at,
            null as service,
            '{{ side }} leg of call ' || call_id || ' (' || coalesce(
                {{ side }}_account_id,
                'nobody''s trunk ' || {{ direction }}_trunk,
                'unknown account'
            )
            || ', to ' || called_number || ', ' || duration_s || ' s) has no price: ' || {{ side }}_reason as words,
        from {{ ref('rated_calls') }}
        where day in {{ checked_days() }} and {{ side }}_status = 'unrated'

        union all
    {% endfor %}
    select
        day,
        'usage' as kind,
        source,
        source || ':' || usage_id as key,
        usage_id as call_id,
        reason,
        case when reason in ('no_account', 'no_rate') then reason || ' of usage' else reason end as remedied,
        null as direction,
        null as trunk_id,
        null as charged_at,
        service,
        service || ' ' || usage_id || ' of ' || account_id || ' has no price: ' || reason as words,
    from {{ ref('rated_usage') }}
    where day in {{ checked_days() }} and status = 'unrated'
),

nobodys as (
    select trunk_id, direction, min(charged_at) as charged_at
    from unrated
    where remedied = 'no_account'
    group by trunk_id, direction
),

-- the row of trunks.csv that is the call's but for its capitals and marks, its direction or its time
nearly as (
    select
        u.trunk_id,
        u.direction,
        arg_min(
            'line ' || t.line || ' of seeds/trunks.csv has ' || t.trunk_id || ' (' || t.direction
            || coalesce(', from ' || t.valid_from, '') || coalesce(', until ' || t.valid_to, '')
            || '), is it that? If not: ',
            (t.trunk_id <> u.trunk_id, t.direction <> u.direction, t.line)
        ) as words,
    from nobodys as u
    inner join {{ ref('stg_trunks') }} as t
        on
            lower(regexp_replace(t.trunk_id, '[^\p{L}\p{N}]', '', 'g'))
            = lower(regexp_replace(u.trunk_id, '[^\p{L}\p{N}]', '', 'g'))
    where
        (t.trunk_id, t.direction) <> (u.trunk_id, u.direction)
        or u.charged_at < t.valid_from
        or u.charged_at >= t.valid_to
    group by u.trunk_id, u.direction
),

-- the service with a price that is the usage's but for its capitals and marks, or a letter
services as (
    select
        u.service,
        'seeds/service_rates.csv has ' || min(r.service) || ', is it that? Then withdraw the file '
        || '(tollbook withdraw FILE --reason TEXT) and land it with that name. If not: ' as words,
    from unrated as u
    cross join {{ ref('stg_service_rates') }} as r
    where
        u.remedied = 'no_rate of usage'
        and (
            lower(regexp_replace(r.service, '[^\p{L}\p{N}]', '', 'g'))
            = lower(regexp_replace(u.service, '[^\p{L}\p{N}]', '', 'g'))
            or (length(u.service) > 4 and damerau_levenshtein(lower(u.service), lower(r.service)) = 1)
        )
    group by u.service
    having not bool_or(r.service = u.service)
)

select
    u.day,
    u.key,
    u.words as detail,
    case u.remedied
        {% for reason, remedy in remedies.items() -%}
            when '{{ reason }}'
                then '{{ reason }}: ' || {{ said_before.get(reason, '') }}'{{ remedy }}.'
        {% endfor -%}
    end as remedy,
from unrated as u
left join nearly as n on u.reason = 'no_account' and u.trunk_id = n.trunk_id and u.direction = n.direction
left join services as s on u.service = s.service
anti join {{ ref('stg_waivers') }} as w
    on
        u.day = w.day
        and w.in_force
        and (
            (w.what = 'call' and u.call_id = w.key)
            or (w.what = 'reason' and u.reason = w.key)
        )
        and {{ waived_of('w', 'u') }}
