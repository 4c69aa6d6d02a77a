-- The legs as they were rated, one row for each attempt and side, with the origin of the rate: what leg_steps puts
-- into words. The names are those of covered_legs without the side.
{% set columns = [
    'account_id', 'account_currency', 'rate_table_id', 'is_by_calling', 'is_by_routing', 'digits', 'jurisdiction',
    'band', 'rate_no', 'prefix', 'destination', 'blocked', 'rate_u', 'initial_extra_u', 'connect_u', 'fixed_u',
    'increment_charge_u', 'initial_ms', 'increment_ms', 'pulse_from_ms', 'second_ms', 'second_offset_ms', 'grace_ms',
    'free_ms', 'attempt_u', 'min_u', 'max_u', 'markup_u', 'past_grace', 'chargeable_ms', 'billed_ms', 'covered_ms',
    'parts', 'rounded_u', 'status', 'reason', 'stopped_by', 'amount_u', 'account_rate_u', 'account_u', 'covered_u',
    'reporting_u',
] %}

with legs as (
    {% for side, direct, swapped in [('sell', 'ingress', 'egress'), ('buy', 'egress', 'ingress')] %}
        select
            source,
            call_id,
            attempt,
            day,
            charged_at,
            '{{ side }}' as side,
            answered,
            duration_ms,
            case when inbound then {{ swapped }}_trunk else {{ direct }}_trunk end as trunk_id,
            case when inbound then '{{ swapped }}' else '{{ direct }}' end as direction,
            called_number,
            calling_number,
            routing_number,
            carrier_amount,
            carrier_billed_s,
            {% for column in columns %}
                {{ side }}_{{ column }} as {{ column }},
            {% endfor %}
            {{ 'sell_markup_charge_u' if side == 'sell' else 'null::HUGEINT' }} as markup_charge_u,
            case when buy_account_rate_u is not null then coalesce(buy_charged_u, 0) else 0 end as marked_up_u,
            buy_currency as marked_up_currency,
            coalesce(markup_rate_u, 0) as markup_rate_u,
        from {{ ref('covered_legs') }}
        {% if not loop.last %}
            union all by name
        {% endif %}
    {% endfor %}
)

select
    l.*,
    t.kind,
    n.name as rate_table_name,
    t.currency,
    t.timezone,
    t.increment_from,
    t.seconds_rounding,
    t.amount_decimals,
    t.amount_rounding,
    company.reporting_currency,
    o.origin as rate_origin,
    o.deck as rate_deck,
    o.line as rate_line,
    r.prefix as rate_prefix,
    r.destination as rate_destination,
    r.calling_prefix as rate_calling_prefix,
    r.jurisdiction as rate_jurisdiction,
    r.valid_from as rate_valid_from,
from legs as l
cross join {{ ref('stg_company') }} as company
left join {{ ref('rate_table_terms') }} as t on l.rate_table_id = t.rate_table_id
left join {{ ref('stg_rate_tables') }} as n on l.rate_table_id = n.rate_table_id
left join {{ ref('rate_terms') }} as r on l.rate_no = r.rate_no
left join {{ ref('rate_origins') }} as o on l.rate_no = o.rate_no
