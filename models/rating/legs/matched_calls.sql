-- Each side of an attempt with the rate of its number's longest prefix that applies at `charged_at`, and what that
-- says of the terms. Nulls where none applies.
{% set sides = ['sell', 'buy'] %}

-- lists are joined for the calls that need one: they are dear to carry
with choices as (
    select choices_no, choices
    from {{ ref('resolved_rates') }}
    where choices_no is not null
),

-- where more than the band decides, all rates that the caller leaves: the first is the one
resolved as (
    select
        c.* exclude (calling_place), -- noqa: RF02
        {% for side in sides %}
            m_{{ side }}.rate_no as {{ side }}_resolved_no,
            case
                when o_{{ side }}.choices is not null
                    then {{ choices_of_caller(
                        'o_' ~ side ~ '.choices', 'c.calling_place', 'c.' ~ side ~ '_jurisdiction'
                    ) }}
            end as {{ side }}_choices,
        {% endfor %}
    from {{ ref('prefixed_calls') }} as c
    {% for side in sides %}
        left join {{ ref('resolved_rates') }} as m_{{ side }}
            on
                c.{{ side }}_table_no = m_{{ side }}.table_no
                and c.{{ side }}_prefix_no = m_{{ side }}.prefix_no
                and c.charged_at >= m_{{ side }}.valid_from
                and c.charged_at < m_{{ side }}.valid_to
                and (m_{{ side }}.band is null or m_{{ side }}.band = c.{{ side }}_band)
        left join choices as o_{{ side }} on m_{{ side }}.choices_no = o_{{ side }}.choices_no
    {% endfor %}
)

select
    c.* exclude ( -- noqa: RF02
        {% for side in sides %}
            {% for column in overridden_columns() %}
                {{ side }}_{{ column }},
            {% endfor %}
            {{ side }}_resolved_no{{ ',' if not loop.last }}
        {% endfor %}
    ),
    {% for side in sides %}
        {% for column in rate_columns() %}
            r_{{ side }}.{{ column }} as {{ side }}_{{ column }},
        {% endfor %}
        {% for column in overridden_columns() %}
            coalesce(r_{{ side }}.{{ column }}, c.{{ side }}_{{ column }}) as {{ side }}_{{ column }},
        {% endfor %}
        coalesce(r_{{ side }}.markup_u, c.{{ side }}_table_markup_u) as {{ side }}_markup_u,
    {% endfor %}
from resolved as c
{% for side in sides %}
    left join {{ ref('rate_terms') }} as r_{{ side }}
        on
            case
                when c.{{ side }}_choices is null then c.{{ side }}_resolved_no
                else ({{ choices_of_band('c.' ~ side ~ '_choices', 'c.' ~ side ~ '_band') }})[1].rate_no
            end = r_{{ side }}.rate_no
{% endfor %}
