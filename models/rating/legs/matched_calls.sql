-- Each side of an attempt with its rate table, band and rate: the row of the longest prefix of the table's
-- number that applies at `charged_at`. Nulls where a step has no answer.

with cleaned as (
    select
        *,
        {{ clean_number('called_number', 'prefixes', 'first_digits') }} as called_digits,
    from {{ ref('identified_calls') }}
),

numbered as (
    select
        c.* exclude (prefixes, first_digits),
        {% for side in ['sell', 'buy'] %}
            t_{{ side }}.table_no as {{ side }}_table_no,
            t_{{ side }}.timetable_id is not null as {{ side }}_has_timetable,
            case
                when t_{{ side }}.number_basis = 'calling'
                    then {{ clean_number('c.calling_number', 'c.prefixes', 'c.first_digits') }}
                when t_{{ side }}.number_basis = 'routing' and c.routing_number is not null
                    then {{ clean_number('c.routing_number', 'c.prefixes', 'c.first_digits') }}
                else c.called_digits
            end as {{ side }}_digits,
        {% endfor %}
    from cleaned as c
    {% for side in ['sell', 'buy'] %}
        left join {{ ref('rate_table_terms') }} as t_{{ side }}
            on c.{{ side }}_rate_table_id = t_{{ side }}.rate_table_id
    {% endfor %}
),

placed as (
    select
        *,
        {{ number_place('called_digits') }} as called_place,
        {% for side in ['sell', 'buy'] %}
            case
                when {{ side }}_digits is distinct from called_digits then {{ number_place(side ~ '_digits') }}
            end as {{ side }}_other_place,
        {% endfor %}
    from numbered
),

-- most tables look at the called number: both legs share its look-up
prefixed as (
    select
        c.* exclude (called_place, sell_other_place, buy_other_place),
        {% for side in ['sell', 'buy'] %}
            case
                when c.{{ side }}_digits is distinct from c.called_digits then p_{{ side }}.prefix_no
                else p_called.prefix_no
            end as {{ side }}_prefix_no,
            coalesce(b_{{ side }}.band, '') as {{ side }}_band,
        {% endfor %}
    from placed as c
    {{ join_longest_prefix('p_called', 'c.called_place') }}
    {% for side in ['sell', 'buy'] %}
        {{ join_longest_prefix('p_' ~ side, 'c.' ~ side ~ '_other_place') }}
        left join {{ ref('band_minutes') }} as b_{{ side }}
            on
                case when c.{{ side }}_has_timetable then c.{{ side }}_table_no end = b_{{ side }}.table_no
                and date_trunc('minute', c.charged_at) = b_{{ side }}.minute
    {% endfor %}
)

select
    c.*,
    r_sell.rate_no as sell_rate_no,
    r_buy.rate_no as buy_rate_no,
from prefixed as c
{% for side in ['sell', 'buy'] %}
    left join {{ ref('resolved_rates') }} as r_{{ side }}
        on
            c.{{ side }}_table_no = r_{{ side }}.table_no
            and c.{{ side }}_prefix_no = r_{{ side }}.prefix_no
            and c.charged_at >= r_{{ side }}.valid_from
            and c.charged_at < r_{{ side }}.valid_to
            and (r_{{ side }}.band is null or r_{{ side }}.band = c.{{ side }}_band)
{% endfor %}
