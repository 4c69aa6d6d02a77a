{#-
  A dialled number as digits: `+`, spaces and `-.()` dropped, then the longest of the source's
  international prefixes that begins it (`prefixes`, a list, longest first; `first_digits` holds what
  they begin with and spares most numbers the look). Null unless 1 to 15 digits are left.
-#}
{% macro clean_number(number, prefixes, first_digits) -%}
    {%- set bare = "translate(" ~ number ~ ", '+ -.()', '')" -%}
    {%- set cleaned -%}
        (case
            when not contains(coalesce({{ first_digits }}, ''), {{ bare }}[1]) then {{ bare }}
            else substr(
                {{ bare }},
                1 + coalesce(length(list_filter({{ prefixes }}, lambda p: starts_with({{ bare }}, p))[1]), 0)
            )
        end)
    {%- endset -%}
    (case when regexp_full_match({{ cleaned }}, '[0-9]{1,15}') then {{ cleaned }} end)
{%- endmacro %}
