{#-
  A dialled number as digits: `+`, spaces and `-.()` dropped, then the longest of the source's
  international prefixes that begins it (`prefixes`, a list, longest first; `first_digits` holds what
  they begin with). Where the source has a country code, a number that came with neither a `+` nor such a prefix is
  national: its national prefix is dropped and the country code put before it. Null unless 1 to 15 digits come of it.
  Most numbers are plain digits already: they are told by one look, and nothing is dropped between them.
-#}
{% macro clean_number(number, prefixes, first_digits, country_code, national_prefix) -%}
    (case
        when not regexp_full_match({{ number }}, '[0-9]{1,15}')
            then {{ international_digits(
                bare_number(number), prefixes, country_code, national_prefix, with_plus(number)
            ) }}
        when {{ country_code }} is null and not contains(coalesce({{ first_digits }}, ''), {{ number }}[1])
            then {{ number }}
        else {{ international_digits(number, prefixes, country_code, national_prefix, 'false') }}
    end)
{%- endmacro %}


{#- The same of a number that has nothing between its digits any more, and came with a `+` or not. -#}
{% macro international_digits(bare, prefixes, country_code, national_prefix, had_plus) -%}
    {%- set national -%}
        substr({{ bare }}, 1 + case when starts_with({{ bare }}, {{ national_prefix }})
            then length({{ national_prefix }}) else 0 end)
    {%- endset -%}
    (case
        when {{ country_code }} is null or {{ had_plus }} or {{ dialled_prefix(bare, prefixes) }} is not null
            then nullif(regexp_extract(
                substr({{ bare }}, 1 + coalesce(length({{ dialled_prefix(bare, prefixes) }}), 0)), '^[0-9]{1,15}$'
            ), '')
        when {{ national }} <> ''
            then nullif(regexp_extract({{ country_code }} || {{ national }}, '^[0-9]{1,15}$'), '')
    end)
{%- endmacro %}


{#- Whether a number is one of the source's own country: it has one, and the number says no other. -#}
{% macro is_national(number, prefixes, country_code) -%}
    (
        {{ country_code }} is not null
        and not {{ with_plus(number) }}
        and {{ dialled_prefix(bare_number(number), prefixes) }} is null
    )
{%- endmacro %}


{#- The longest of the source's international prefixes that begins a number; null where none does. -#}
{% macro dialled_prefix(bare, prefixes) -%}
    list_filter({{ prefixes }}, lambda p: starts_with({{ bare }}, p))[1]
{%- endmacro %}


{#- A number without what people write between its digits; whether a `+` stands before the first of them. -#}
{% macro bare_number(number) -%}
    translate({{ number }}, '+ -.()', '')
{%- endmacro %}

{% macro with_plus(number) -%}
    starts_with(translate({{ number }}, ' -.()', ''), '+')
{%- endmacro %}
