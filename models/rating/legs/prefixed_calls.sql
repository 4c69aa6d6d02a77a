-- Each side of an attempt with the terms of its rate table: the number that the table looks at as digits, its longest
-- known prefix, the call's jurisdiction, and the band at `charged_at`. Nulls where a step has no answer.
{% set sides = ['sell', 'buy'] %}
{% set numbers = ['called', 'calling', 'routing'] %}
{% set numbering = ['prefixes', 'first_digits', 'country_code', 'national_prefix'] %}

with tabled as (
    select
        c.*,
        n.prefixes,
        n.first_digits,
        n.country_code,
        n.national_prefix,
        n.ignores_not_numbers,
        {% for side in sides %}
            {% for column in rate_table_columns() %}
                t_{{ side }}.{{ column }} as {{ side }}_{{ column }},
            {% endfor %}
        {% endfor %}
    from {{ ref('identified_calls') }} as c
    left join {{ ref('source_numbering') }} as n on c.source = n.source
    {% for side in sides %}
        left join {{ ref('rate_table_terms') }} as t_{{ side }}
            on c.{{ side }}_rate_table_id = t_{{ side }}.rate_table_id
    {% endfor %}
),

-- most tables look at the called number alone: the others are cleaned only for those that ask
cleaned as (
    select
        * exclude (prefixes, first_digits, country_code, national_prefix),
        {{ clean_number('called_number', *numbering) }} as called_digits,
        case
            when sell_is_by_caller or buy_is_by_caller
                then {{ clean_number('calling_number', *numbering) }}
        end as calling_digits,
        case
            when sell_is_by_routing or buy_is_by_routing
                then {{ clean_number('routing_number', *numbering) }}
        end as routing_digits,
    from tabled
),

placed as (
    select
        *,
        {% for number in numbers %}
            {{ number_place(number ~ '_digits') }} as {{ number }}_place,
        {% endfor %}
    from cleaned
),

prefixed as (
    select
        c.*,
        {% for number in numbers %}
            p_{{ number }}.prefix_no as {{ number }}_prefix_no,
            r_{{ number }}.region as {{ number }}_region,
        {% endfor %}
        {% for side in sides %}
            coalesce(b_{{ side }}.band, '') as {{ side }}_band,
        {% endfor %}
    from placed as c
    {% for number in numbers %}
        {{ join_longest_prefix('p_' ~ number, 'c.' ~ number ~ '_place') }}
        left join {{ ref('known_regions') }} as r_{{ number }}
            on p_{{ number }}.prefix_no = r_{{ number }}.prefix_no
    {% endfor %}
    {% for side in sides %}
        left join {{ ref('band_minutes') }} as b_{{ side }}
            on
                case when c.{{ side }}_timetable_id is not null then c.{{ side }}_table_no end = b_{{ side }}.table_no
                and date_trunc('minute', c.charged_at) = b_{{ side }}.minute
    {% endfor %}
)

select
    * exclude (
        {% for number in numbers %}
            {{ number }}_digits,
            {{ number }}_prefix_no,
            {{ number }}_region,
        {% endfor %}
        called_place,
        routing_place,
        ignores_not_numbers
    ),
    coalesce(ignores_not_numbers and called_place is null, false) as is_ignored,
    {% for side in sides %}
        {{ of_the_number(side, 'digits') }} as {{ side }}_digits,
        {{ of_the_number(side, 'place') }} is null as {{ side }}_number_is_bad,
        {{ of_the_number(side, 'prefix_no') }} as {{ side }}_prefix_no,
        {{ jurisdiction(side) }} as {{ side }}_jurisdiction,
    {% endfor %}
from prefixed
