{#-
  A text as a shell reads it as one word.
#}
{% macro for_a_shell(text) -%}
    case
        when regexp_full_match({{ text }}, '[\w.:@%+/-]+') then {{ text }}
        else '''' || replace({{ text }}, '''', '''\''''') || ''''
    end
{%- endmacro %}
