{#- A text as a constant, whatever is in it. -#}
{% macro sql_text(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}


{#- A file for a function that reads files: it takes a name for a pattern, and a[1].parquet would be a1.parquet. -#}
{% macro sql_file(path) -%}
    {{ sql_text(path | replace('[', '[[]') | replace('*', '[*]')) }}
{%- endmacro %}


{#-
  Parquet files of a deployment as a relation. `by_day`: they lie in folders day=<day>, and of a day that is asked for
  only that folder's are opened. Not so where another folder above them is called name=value: it would be a column, in
  place of the one that the files have.
-#}
{% macro parquet_files(home, paths, by_day=false, options='') -%}
    {%- set files = [] -%}
    {%- for path in paths -%}{%- do files.append(sql_file(home ~ '/' ~ path)) -%}{%- endfor -%}
    {%- set folders = "hive_partitioning = true, hive_types = {'day': DATE}" if by_day and '=' not in home
        else 'hive_partitioning = false' -%}
    read_parquet([{{ files | join(', ') }}], {{ folders }}{{ options }})
{%- endmacro %}
