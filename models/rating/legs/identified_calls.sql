-- The attempts to rate, with who is on each side of them: the account and its rate table, null on a side
-- that has no leg. A call that a carrier sends to a customer swaps the sides.

with calls as (
    select
        day,
        source,
        call_id,
        attempt,
        charged_at,
        started_at,
        answered_at,
        ended_at,
        duration_s,
        calling_number,
        called_number,
        routing_number,
        ingress_trunk,
        egress_trunk,
        disposition,
        hangup_cause,
        pdd_ms,
        carrier_amount,
        carrier_currency,
        carrier_billed_s,
        extra,
        file_id,
        file_sequence,
    from {{ ref('stg_cdrs') }}
    where day in (select day from {{ ref('stg_build_days') }})
),

-- a closed day keeps the legs it was closed with: only what has landed since is rated
closings as (
    select day, file_sequence
    from {{ ref('stg_closings') }}
    where day in (select day from {{ ref('stg_build_days') }})
),

closed as (
    select r.source, r.call_id, r.attempt, r.day, r.answered, r.sell_status
    from {{ source('stored', 'rated_calls') }} as r
    inner join closings as k on r.day = k.day and r.file_sequence <= k.file_sequence
    anti join {{ ref('stg_superseded_cdrs') }} as s
        on
            r.call_id = s.call_id
            and r.attempt = s.attempt
            and r.source = s.source
            and r.file_sequence = s.file_sequence
),

fresh as (
    select c.*
    from calls as c
    anti join closed as s
        on c.call_id = s.call_id and c.attempt = s.attempt and c.source = s.source and c.day = s.day
),

-- one sell leg a call: on the answered attempt with the lowest number, else on the highest
failovers as (
    select distinct source, call_id, day
    from calls
    where attempt <> 1
),

sell_attempts as (
    select
        c.source,
        c.call_id,
        c.day,
        coalesce(min(c.attempt) filter (where c.duration_s > 0), max(c.attempt)) as sell_attempt,
    from calls as c
    semi join failovers as f on c.call_id = f.call_id and c.source = f.source and c.day = f.day
    group by c.source, c.call_id, c.day
),

-- a late attempt takes the sell leg only where it is answered and no answered one has it
sold as (
    select source, call_id, day, bool_or(answered) as answered
    from closed
    where sell_status <> 'none'
    group by source, call_id, day
),

routed as (
    select
        c.*,
        c.duration_s > 0 as answered,
        coalesce(a.sell_attempt = c.attempt, true)
        and (s.call_id is null or (c.duration_s > 0 and not s.answered)) as has_sell_leg,
        c.egress_trunk is not null as has_buy_leg,
        coalesce(i.account_kind = 'carrier' and e.account_kind = 'customer', false) as inbound,
        {% for column in ['account_id', 'account_currency', 'sell_rate_table_id', 'buy_rate_table_id'] %}
            i.{{ column }} as ingress_{{ column }},
            e.{{ column }} as egress_{{ column }},
        {% endfor %}
    from fresh as c
    left join sell_attempts as a on c.call_id = a.call_id and c.source = a.source and c.day = a.day
    left join sold as s on c.call_id = s.call_id and c.source = s.source and c.day = s.day
    {% for direction in ['ingress', 'egress'] %}
        left join {{ ref('trunk_routes') }} as {{ direction[0] }}
            on
                c.{{ direction }}_trunk = {{ direction[0] }}.trunk_id
                and {{ direction[0] }}.direction = '{{ direction }}'
                and c.charged_at >= {{ direction[0] }}.valid_from
                and c.charged_at < {{ direction[0] }}.valid_to
    {% endfor %}
)

select
    * exclude (
        {% for end in ['ingress', 'egress'] %}
            {{ end }}_account_id,
            {{ end }}_account_currency,
            {{ end }}_sell_rate_table_id,
            {{ end }}_buy_rate_table_id
            {{- ',' if not loop.last }}
        {% endfor %}
    ),
    case when inbound then egress_account_id else ingress_account_id end as customer_id,
    {% for side, direct, swapped in [('sell', 'ingress', 'egress'), ('buy', 'egress', 'ingress')] %}
        {% for column in ['account_id', 'account_currency', side ~ '_rate_table_id'] %}
            case
                when not has_{{ side }}_leg then null
                when inbound then {{ swapped }}_{{ column }}
                else {{ direct }}_{{ column }}
            end as {{ side ~ '_' if not column.startswith(side) }}{{ column }},
        {% endfor %}
    {% endfor %}
from routed
