-- Both legs of each attempt to rate: status and reason, then the amount in the account's and in the
-- reporting currency, each converted directly. `_u` units of 1e-8.
{% set sides = ['sell', 'buy'] %}

with stopped as (
    select
        *,
        {% for side in sides %}
            case
                when not has_{{ side }}_leg then null
                when {{ side }}_problem is not null then {{ side }}_problem
                when {{ side }}_account_rate_u is null then 'no_fx'
            end as {{ side }}_stopped_by,
        {% endfor %}
    from {{ ref('covered_calls') }}
),

-- only an answered leg can be unrated; an unanswered one that a step fails for costs 0; one that is ignored is none
decided as (
    select
        * replace (
            {% for side in sides %}
                case when {{ side }}_stopped_by is not null then 0 else {{ side }}_billed_ms end
                    as {{ side }}_billed_ms{{ ',' if not loop.last }}
            {% endfor %}
        ),
        {% for side in sides %}
            case
                when not has_{{ side }}_leg or {{ side }}_is_ignored then 'none'
                when answered and {{ side }}_stopped_by is not null then 'unrated'
                else 'rated'
            end as {{ side }}_status,
            case
                when {{ side }}_stopped_by is not null then {{ side }}_stopped_by
                when has_{{ side }}_leg and {{ side }}_blocked then 'blocked'
            end as {{ side }}_reason,
            case
                when not has_{{ side }}_leg or {{ side }}_is_ignored then null
                when {{ side }}_stopped_by is null then {{ side }}_charged_u
                when not answered then 0
            end as {{ side }}_amount_u,
        {% endfor %}
        -- what minutes times rate would have said: never billed, shown beside what was
        case
            when sell_rate_per_minute is not null
                then {{ divide_half_up('duration_ms::HUGEINT * sell_rate_u', '60000') }}
        end as naive_u,
    from stopped
)

select
    * replace (
        -- a markup's call is described by its buy leg
        {% for column in ['prefix', 'destination'] %}
            case
                when sell_is_markup and sell_stopped_by is null then coalesce(sell_{{ column }}, buy_{{ column }})
                else sell_{{ column }}
            end as sell_{{ column }},
        {% endfor %}
        {% for column in ['band', 'billed_ms'] %}
            case when sell_is_markup and sell_stopped_by is null then buy_{{ column }} else sell_{{ column }} end
                as sell_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    ),
    {% for side in sides %}
        {% for currency in ['account', 'reporting'] %}
            case
                when {{ side }}_stopped_by is not null and {{ side }}_amount_u = 0 then 0
                else {{ convert_units(side ~ '_amount_u', side ~ '_' ~ currency ~ '_rate_u') }}
            end as {{ side }}_{{ currency }}_u,
        {% endfor %}
    {% endfor %}
    {{ convert_units('naive_u', 'sell_reporting_rate_u') }} as naive_revenue_u,
from decided
