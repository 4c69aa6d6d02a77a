{#-
  A DECIMAL amount of either sign in another currency, at a rate (DECIMAL, null: there is none): rounded half_even to
  8 decimals, as a leg's is.
-#}
{% macro exchanged(amount, rate) -%}
    (sign({{ amount }})::INTEGER * {{ from_units(
        convert_units(to_units('abs(' ~ amount ~ ')'), to_units(rate))
    ) }})::DECIMAL(20, 8)
{%- endmacro %}
