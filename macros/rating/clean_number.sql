{#-
  A dialled number as digits: `+`, spaces and `-.()` dropped, then the longest of the source's
  international prefixes that begins it (`prefixes`, a list, longest first; `first_digits` holds what
  they begin with). Null unless 1 to 15 digits are left. Most numbers are plain digits already:
  they are told by one look and pass.
-#}
{% macro clean_number(number, prefixes, first_digits) -%}
    {%- set bare = "translate(" ~ number ~ ", '+ -.()', '')" -%}
    (case
        when
            regexp_full_match({{ number }}, '[0-9]{1,15}')
            and not contains(coalesce({{ first_digits }}, ''), {{ number }}[1])
            then {{ number }}
        else nullif(regexp_extract(
            substr(
                {{ bare }},
                1 + coalesce(length(list_filter({{ prefixes }}, lambda p: starts_with({{ bare }}, p))[1]), 0)
            ),
            '^[0-9]{1,15}$'
        ), '')
    end)
{%- endmacro %}
