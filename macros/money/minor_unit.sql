{#- Decimals of a currency's minor unit (ISO 4217): 2, but for those named here. -#}
{% macro minor_unit(currency) -%}
    (case
        when {{ currency }} in (
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
            'XOF', 'XPF'
        ) then 0
        when {{ currency }} in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
        when {{ currency }} in ('CLF', 'UYW') then 4
        else 2
    end)
{%- endmacro %}


{#-
  Integer units of 1e-8, also below 0, rounded half up (away from 0) to whole multiples of `unit` (BIGINT: what a
  currency's minor unit is in units of 1e-8); still in units of 1e-8.
-#}
{% macro to_minor_unit(units, unit) -%}
    (sign({{ units }})::HUGEINT * {{ unit }} * {{ divide_half_up('abs(' ~ units ~ ')', unit) }})
{%- endmacro %}


{#-
  `pct` percent of units of 1e-8 (whole minor units, also below 0), rounded half up to multiples of `unit`; units of
  1e-8. `pct_u` is the percentage in units of 1e-8.
-#}
{% macro percent_of(units, pct_u, unit) -%}
    (sign({{ units }})::HUGEINT * {{ unit }} * {{ divide_half_up(
        'abs(' ~ units ~ ') * ' ~ pct_u, '(10000000000::HUGEINT * ' ~ unit ~ ')'
    ) }})
{%- endmacro %}
