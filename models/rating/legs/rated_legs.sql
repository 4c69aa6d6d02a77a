-- Both legs of each attempt of the days being built as rated_calls shows them: status and reason, then
-- the amount in the account's and in the reporting currency, each converted directly. `_u` units of 1e-8.
{% set sides = ['sell', 'buy'] %}

with converted as (
    select
        c.*,
        {% for side in sides %}
            coalesce(
                c.{{ side }}_problem,
                case when c.{{ side }}_currency is not null and a_{{ side }}.rate_u is null then 'no_fx' end
            ) as {{ side }}_stopped_by,
            a_{{ side }}.rate_u as {{ side }}_account_rate_u,
            r_{{ side }}.rate_u as {{ side }}_reporting_rate_u,
        {% endfor %}
    from {{ ref('charged_calls') }} as c
    cross join {{ ref('stg_company') }} as company
    {% for side in sides %}
        left join {{ ref('fx_days') }} as a_{{ side }}
            on
                c.day = a_{{ side }}.day
                and c.{{ side }}_currency = a_{{ side }}.from_currency
                and c.{{ side }}_account_currency = a_{{ side }}.to_currency
        left join {{ ref('fx_days') }} as r_{{ side }}
            on
                c.day = r_{{ side }}.day
                and c.{{ side }}_currency = r_{{ side }}.from_currency
                and company.reporting_currency = r_{{ side }}.to_currency
    {% endfor %}
),

-- only an answered leg can be unrated; an unanswered one that a step fails for costs 0
decided as (
    select
        *,
        {% for side in sides %}
            case
                when not has_{{ side }}_leg then 'none'
                when answered and {{ side }}_stopped_by is not null then 'unrated'
                else 'rated'
            end as {{ side }}_status,
            case
                when not has_{{ side }}_leg then null
                when {{ side }}_stopped_by is not null then {{ side }}_stopped_by
                when {{ side }}_blocked then 'blocked'
            end as {{ side }}_reason,
            case
                when not has_{{ side }}_leg or (answered and {{ side }}_stopped_by is not null) then null
                when {{ side }}_stopped_by is not null then 0
                else {{ side }}_charged_u
            end as {{ side }}_amount_u,
        {% endfor %}
    from converted
)

select
    * replace (
        -- a markup's call is described by its buy leg
        case when sell_kind = 'markup' then coalesce(sell_prefix, buy_prefix) else sell_prefix end as sell_prefix,
        case when sell_kind = 'markup' then coalesce(sell_destination, buy_destination) else sell_destination end
            as sell_destination,
        case when sell_kind = 'markup' then buy_band else sell_band end as sell_band,
        case when sell_kind = 'markup' then buy_billed_ms else sell_billed_ms end as sell_billed_ms
    ),
    {% for side in sides %}
        case
            when {{ side }}_stopped_by is not null and {{ side }}_amount_u = 0 then 0
            else {{ convert_units(side ~ '_amount_u', side ~ '_account_rate_u') }}
        end as {{ side }}_account_u,
        case
            when {{ side }}_stopped_by is not null and {{ side }}_amount_u = 0 then 0
            else {{ convert_units(side ~ '_amount_u', side ~ '_reporting_rate_u') }}
        end as {{ side }}_reporting_u,
    {% endfor %}
    -- what minutes times rate would have said: never billed, shown beside what was
    case
        when sell_status <> 'none' and sell_kind = 'per_minute' and sell_rate_per_minute is not null
            then {{ convert_units(
                divide_rounded('duration_ms * sell_rate_u', '60000::HUGEINT', "'half_up'"),
                'sell_reporting_rate_u'
            ) }}
    end as naive_revenue_u,
from decided
