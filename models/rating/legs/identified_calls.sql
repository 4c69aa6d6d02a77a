-- The landed attempts of the days being built, with who is on each side of them: the account, its rate
-- table, and the numbers as digits. A call that a carrier sends to a customer swaps the sides.

with calls as (
    select *
    from {{ ref('stg_cdrs') }}
    where day in (select day from {{ source('ops', 'build_days') }})
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
        coalesce(
            min(c.attempt) filter (where c.duration_s > 0), max(c.attempt)
        ) as sell_attempt,
    from calls as c
    semi join failovers as f
        on c.call_id = f.call_id and c.source = f.source and c.day = f.day
    group by c.source, c.call_id, c.day
),

routed as (
    select
        c.*,
        {{ to_ms('c.duration_s') }} as duration_ms,
        c.duration_s > 0 as answered,
        coalesce(s.sell_attempt = c.attempt, true) as has_sell_leg,
        c.egress_trunk is not null as has_buy_leg,
        coalesce(i.account_kind = 'carrier' and e.account_kind = 'customer', false) as inbound,
        n.prefixes,
        n.first_digits,
        {% for column in ['account_id', 'account_currency', 'sell_rate_table_id', 'buy_rate_table_id'] %}
            i.{{ column }} as ingress_{{ column }},
            e.{{ column }} as egress_{{ column }},
        {% endfor %}
    from calls as c
    left join sell_attempts as s
        on c.call_id = s.call_id and c.source = s.source and c.day = s.day
    left join {{ ref('source_numbering') }} as n on c.source = n.source
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
        ingress_account_id,
        egress_account_id,
        ingress_account_currency,
        egress_account_currency,
        ingress_sell_rate_table_id,
        egress_sell_rate_table_id,
        ingress_buy_rate_table_id,
        egress_buy_rate_table_id
    ),
    {% for side, direct, swapped in [('sell', 'ingress', 'egress'), ('buy', 'egress', 'ingress')] %}
        {% for column in ['account_id', 'account_currency'] %}
            case when inbound then {{ swapped }}_{{ column }} else {{ direct }}_{{ column }} end
                as {{ side }}_{{ column }},
        {% endfor %}
        case
            when inbound then {{ swapped }}_{{ side }}_rate_table_id
            else {{ direct }}_{{ side }}_rate_table_id
        end as {{ side }}_rate_table_id,
    {% endfor %}
from routed
