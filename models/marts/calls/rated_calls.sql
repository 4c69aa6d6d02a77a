-- One row an attempt, with both its legs. Open days are made anew; the stored legs of a closed day stay
-- as they are, and only attempts that landed (or were superseded) since are taken out or added.
{{ config(
    materialized='daily',
    tags=['daily'],
    outdated_rows="(
        day not in (select day from ops.closings)
        or (source, call_id, attempt, file_id) not in (
            select (source, call_id, attempt, file_id) from landed.cdrs
            where day in (select day from ops.build_days)
        )
    )"
) }}

with stored as (
    select source, call_id, attempt, day, answered, sell_status
    from {{ this }}
    where day in (select day from {{ source('ops', 'build_days') }})
),

legs as (
    select l.*
    from {{ ref('rated_legs') }} as l
    anti join stored as s
        on
            l.call_id = s.call_id
            and l.attempt = s.attempt
            and l.source = s.source
            and l.day = s.day
),

-- a late attempt takes the sell leg only where it is answered and no answered one has it
sold_before as (
    select source, call_id, day, bool_or(answered) as answered
    from stored
    where sell_status <> 'none'
    group by source, call_id, day
),

final as (
    select
        l.*,
        l.sell_status = 'none'
        or (s.call_id is not null and (s.answered or not l.answered)) as without_sell,
        l.buy_status = 'none' as without_buy,
    from legs as l
    left join sold_before as s
        on l.call_id = s.call_id and l.source = s.source and l.day = s.day
)

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
    ingress_trunk,
    egress_trunk,
    answered,
    disposition,
    hangup_cause,
    sell_account_id as customer_id,
    case when not without_buy then buy_account_id end as carrier_id,
    {% for side in ['sell', 'buy'] %}
        case when not without_{{ side }} then {{ side }}_account_id end as {{ side }}_account_id,
        case when not without_{{ side }} then {{ side }}_rate_table_id end as {{ side }}_rate_table_id,
        case when not without_{{ side }} then {{ side }}_prefix end as {{ side }}_prefix,
        case when not without_{{ side }} then {{ side }}_destination end as {{ side }}_destination,
        case when not without_{{ side }} then {{ side }}_band end as {{ side }}_band,
        case when not without_{{ side }} then {{ side }}_rate_per_minute end as {{ side }}_rate_per_minute,
        case
            when not without_{{ side }} and {{ side }}_amount_u is not null
                then {{ from_ms('coalesce(' ~ side ~ '_billed_ms, 0)') }}
        end as {{ side }}_billed_s,
        case when not without_{{ side }} then {{ from_units(side ~ '_amount_u') }} end as {{ side }}_amount,
        case when not without_{{ side }} then {{ side }}_currency end as {{ side }}_currency,
        case when not without_{{ side }} then {{ from_units(side ~ '_account_u') }} end as {{ side }}_account_amount,
        case when not without_{{ side }} then {{ from_units(side ~ '_reporting_u') }} end
            as {{ side }}_reporting_amount,
        case when not without_{{ side }} and {{ side }}_amount_u is not null then 0 end::DECIMAL(12, 3)
            as {{ side }}_covered_s,
        case when not without_{{ side }} and {{ side }}_amount_u is not null then 0 end::DECIMAL(20, 8)
            as {{ side }}_covered_amount,
        case when without_{{ side }} then 'none' else {{ side }}_status end as {{ side }}_status,
        case when not without_{{ side }} then {{ side }}_reason end as {{ side }}_reason,
    {% endfor %}
    {{ from_units(
        "case when without_sell then 0 else sell_reporting_u end
        - case when without_buy then 0 else buy_reporting_u end"
    ) }} as margin,
    case when not without_sell then {{ from_units('naive_revenue_u') }} end as naive_revenue,
    file_id,
    file_sequence,
    (select version from {{ source('ops', 'configuration') }}) as config_version,
from final
