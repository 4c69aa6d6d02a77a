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


{#- A decimal as text, with no more decimals than it takes: 0.05, 60. -#}
{% macro number_in_words(amount) -%}
    regexp_replace(({{ amount }})::VARCHAR, '[.]0+$|([.][0-9]*[1-9])0+$', '\1')
{%- endmacro %}


{#-
  What a rate charges by (`terms` of deck_prices) as people write it: the price and the increments, then what there is
  of the rest. `0.05 60/60 +0.01 min 0.02 max 5 grace 3 free 10`; null where there is no price.
-#}
{% macro price_in_words(t) -%}
    case when {{ t }} is not null then concat_ws(
        ' ',
        case when {{ t }}.blocked then 'blocked' end,
        case
            when {{ t }}.kind = 'block'
                then {{ number_in_words(t ~ '.initial_charge') }} || ' then '
                || {{ number_in_words(t ~ '.increment_charge') }}
            else {{ number_in_words(t ~ '.rate') }} || case when {{ t }}.kind = 'markup' then '%' else '' end
        end,
        case when {{ t }}.first_rate <> {{ t }}.rate then '(first ' || {{ number_in_words(t ~ '.first_rate') }} || ')' end,
        case
            when {{ t }}.kind in ('per_minute', 'block')
                then {{ number_in_words(from_ms(t ~ '.initial_ms')) }} || '/'
                -- no pulse is one of 1 ms
                || case
                    when {{ t }}.increment_ms = 1 then '0'
                    else {{ number_in_words(from_ms(t ~ '.increment_ms')) }}
                end
        end,
        case when {{ t }}.connect_u > 0 then '+' || {{ ratio_in_words(t ~ '.connect_u') }} end,
        case when {{ t }}.min_u > 0 then 'min ' || {{ ratio_in_words(t ~ '.min_u') }} end,
        case when {{ t }}.max_u < {{ to_units(no_max_charge() ~ '::HUGEINT') }} then 'max ' || {{ ratio_in_words(t ~ '.max_u') }} end,
        case when {{ t }}.grace_ms > 0 then 'grace ' || {{ number_in_words(from_ms(t ~ '.grace_ms')) }} end,
        case when {{ t }}.free_ms > 0 then 'free ' || {{ number_in_words(from_ms(t ~ '.free_ms')) }} end
    ) end
{%- endmacro %}
