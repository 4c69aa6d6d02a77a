-- Each side of an attempt with the terms of its rate table, its band, and the rate of the longest prefix of
-- the table's number that applies at `charged_at`. Nulls where a step has no answer.
{% set sides = ['sell', 'buy'] %}

with cleaned as (
    select
        c.*,
        n.prefixes,
        n.first_digits,
        {{ clean_number('c.called_number', 'n.prefixes', 'n.first_digits') }} as called_digits,
    from {{ ref('identified_calls') }} as c
    left join {{ ref('source_numbering') }} as n on c.source = n.source
),

numbered as (
    select
        c.* exclude (prefixes, first_digits), -- noqa: RF02
        {{ number_place('c.called_digits') }} as called_place,
        {% for side in sides %}
            {% set t = 't_' ~ side %}
            {% for column in rate_table_columns() %}
                {{ t }}.{{ column }} as {{ side }}_{{ column }},
            {% endfor %}
            -- most tables look at the called number: only another one is looked up by itself
            case
                when {{ t }}.number_basis = 'calling'
                    then coalesce({{ clean_number('c.calling_number', 'c.prefixes', 'c.first_digits') }}, 'bad')
                when {{ t }}.number_basis = 'routing' and c.routing_number is not null
                    then coalesce({{ clean_number('c.routing_number', 'c.prefixes', 'c.first_digits') }}, 'bad')
            end as {{ side }}_other_digits,
        {% endfor %}
    from cleaned as c
    {% for side in sides %}
        left join {{ ref('rate_table_terms') }} as t_{{ side }}
            on c.{{ side }}_rate_table_id = t_{{ side }}.rate_table_id
    {% endfor %}
),

placed as (
    select
        *,
        {% for side in sides %}
            case when {{ side }}_other_digits <> 'bad' then {{ number_place(side ~ '_other_digits') }} end
                as {{ side }}_other_place,
            coalesce({{ side }}_other_digits, called_digits, 'bad') = 'bad' as {{ side }}_number_is_bad,
        {% endfor %}
    from numbered
),

prefixed as (
    select
        c.* exclude (
            called_digits, sell_other_digits, buy_other_digits, -- noqa: RF02
            called_place, sell_other_place, buy_other_place -- noqa: RF02
        ),
        {% for side in sides %}
            case when c.{{ side }}_other_digits is null then p_called.prefix_no else p_{{ side }}.prefix_no end
                as {{ side }}_prefix_no,
            coalesce(b_{{ side }}.band, '') as {{ side }}_band,
        {% endfor %}
    from placed as c
    {{ join_longest_prefix('p_called', 'c.called_place') }}
    {% for side in sides %}
        {{ join_longest_prefix('p_' ~ side, 'c.' ~ side ~ '_other_place') }}
        left join {{ ref('band_minutes') }} as b_{{ side }}
            on
                case when c.{{ side }}_timetable_id is not null then c.{{ side }}_table_no end = b_{{ side }}.table_no
                and date_trunc('minute', c.charged_at) = b_{{ side }}.minute
    {% endfor %}
)

select
    c.*,
    {% for side in sides %}
        {% for column in rate_columns() %}
            r_{{ side }}.{{ column }} as {{ side }}_{{ column }},
        {% endfor %}
        coalesce(r_{{ side }}.markup_u, c.{{ side }}_table_markup_u) as {{ side }}_markup_u,
    {% endfor %}
from prefixed as c
{% for side in sides %}
    left join {{ ref('resolved_rates') }} as m_{{ side }}
        on
            c.{{ side }}_table_no = m_{{ side }}.table_no
            and c.{{ side }}_prefix_no = m_{{ side }}.prefix_no
            and c.charged_at >= m_{{ side }}.valid_from
            and c.charged_at < m_{{ side }}.valid_to
            and (m_{{ side }}.band is null or m_{{ side }}.band = c.{{ side }}_band)
    left join {{ ref('rate_terms') }} as r_{{ side }} on m_{{ side }}.rate_no = r_{{ side }}.rate_no
{% endfor %}
