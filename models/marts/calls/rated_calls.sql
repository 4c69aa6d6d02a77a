-- One row an attempt, with both its legs. Open days are made anew; the stored legs of a closed day stay
-- as they are (their files are sealed), and attempts that landed since are added.
{{ config(materialized='daily', kept='files', sealed_at_close=true) }}

select
    source,
    call_id,
    attempt,
    day,
    charged_at,
    started_at,
    answered_at,
    duration_s,
    calling_number,
    called_number,
    routing_number,
    ingress_trunk,
    egress_trunk,
    answered,
    disposition,
    hangup_cause,
    carrier_amount,
    carrier_currency,
    carrier_billed_s,
    customer_id,
    buy_account_id as carrier_id,
    {% for side in ['sell', 'buy'] %}
        {{ side }}_account_id,
        {{ side }}_rate_table_id,
        {{ side }}_prefix,
        {{ side }}_destination,
        case when has_{{ side }}_leg then {{ side }}_band end as {{ side }}_band,
        {{ side }}_rate_per_minute,
        case when {{ side }}_amount_u is not null then {{ from_ms('coalesce(' ~ side ~ '_billed_ms, 0)') }} end
            as {{ side }}_billed_s,
        {{ from_units(side ~ '_amount_u') }} as {{ side }}_amount,
        {{ side }}_currency,
        {{ from_units(side ~ '_account_u') }} as {{ side }}_account_amount,
        {{ from_units(side ~ '_reporting_u') }} as {{ side }}_reporting_amount,
        case when {{ side }}_amount_u is not null then {{ from_ms(side ~ '_covered_ms') }} end as {{ side }}_covered_s,
        case when {{ side }}_amount_u is not null then {{ from_units(side ~ '_covered_u') }} end
            as {{ side }}_covered_amount,
        {{ side }}_status,
        {{ side }}_reason,
    {% endfor %}
    {{ from_units(
        "case when sell_status <> 'none' then sell_reporting_u else 0 end
        - case when buy_status <> 'none' then buy_reporting_u else 0 end"
    ) }} as margin,
    {{ from_units('naive_revenue_u') }} as naive_revenue,
    file_sequence,
from {{ ref('covered_legs') }}
