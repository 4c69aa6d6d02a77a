{#- How amounts and times are written in an explanation (models/rating/explained). -#}

{#- Units of 1e-8 as text with 4 to 8 decimals: 0.0150, 0.01790250. -#}
{% macro amount_in_words(units) -%}
    regexp_replace(({{ from_units(units) }})::VARCHAR, '([.][0-9]{4}[0-9]*?)0*$', '\1')
{%- endmacro %}


{#- Units of 1e-8 as text with no more decimals than it takes: 1.085, 15. -#}
{% macro ratio_in_words(units) -%}
    regexp_replace(({{ from_units(units) }})::VARCHAR, '[.]?0+$', '')
{%- endmacro %}


{#- Milliseconds as seconds: 66 s, 61.2 s. -#}
{% macro seconds_in_words(ms) -%}
    (regexp_replace(({{ from_ms(ms) }})::VARCHAR, '[.]?0+$', '') || ' s')
{%- endmacro %}


{#-
  A step of an explanation, a struct: what kind of step, its words and, of those that are money, what it adds to the
  leg's amount. Null unless `applies`.
-#}
{% macro leg_step(applies, what, words, amount_u='null') -%}
    case
        when {{ applies }}
            then {'what': '{{ what }}', 'words': {{ words }}, 'amount_u': ({{ amount_u }})::HUGEINT}
    end
{%- endmacro %}


{#-
  A step that is a part of the charge: its words and what it comes to, an exact amount over a divisor, as shown:
  rounded half up to 8 decimals. Null unless `applies`.
-#}
{% macro charge_part(applies, words, exact, divisor='60000') -%}
    {{ leg_step(applies, 'charge', words, divide_half_up(exact, divisor)) }}
{%- endmacro %}


{#- The steps of a list (Jinja's) that apply, in order, as a list (SQL's). -#}
{% macro steps_that_apply(steps) -%}
    list_filter([{{ steps | join(', ') }}], lambda s: s is not null)
{%- endmacro %}


{#- What a list of steps comes to. -#}
{% macro sum_of_steps(steps) -%}
    coalesce(list_sum(list_transform({{ steps }}, lambda s: s.amount_u)), 0)::HUGEINT
{%- endmacro %}
