{#- The limits of the anomaly rules, all of them here. Money is in the company's reporting currency. -#}
{% macro threshold(name) -%}
    {%- set limits = {
        'weeks': 4,
        'weeks_needed': 2,
        'spend_times': 3,
        'spend_more': '10.00',
        'asr_times': 2,
        'asr_calls': 50,
        'asr_calls_before': 100,
        'acd_times': 2,
        'acd_connected': 30,
        'acd_connected_before': 60,
        'days_before': 28,
        'destination_connected': 5,
        'destination_amount': '5.00',
        'high_cost_times': 5,
        'history_connected': 100,
        'burst_minutes': 60,
        'burst_calls': 10,
        'burst_amount': '20.00',
    } -%}
    {{ limits[name] }}
{%- endmacro %}


{#- A DECIMAL as people read it: without the zeros that say nothing. -#}
{% macro plainly(amount) -%}
    rtrim(rtrim(({{ amount }})::VARCHAR, '0'), '.')
{%- endmacro %}
