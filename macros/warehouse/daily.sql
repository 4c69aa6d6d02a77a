{#-
  A table that is built a day at a time. In one transaction the rows of the days being built
  (ops.build_days) are taken out and those that the model gives are put in, straight from the query:
  no temporary copy, and a day that has become empty is emptied.

  `outdated_rows` narrows what is taken out (rated_calls keeps the legs of closed days). A full
  refresh does the same and no more: a table whose days are closed is never dropped.
-#}
{% materialization daily, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is none -%}
        {%- call statement('create') -%}
            create table {{ target_relation }} {{ get_table_columns_and_constraints() }}
        {%- endcall -%}
    {%- else -%}
        {%- do add_missing_columns(existing) -%}
    {%- endif -%}
    {%- do get_assert_columns_equivalent(sql) -%}
    {%- call statement('delete') -%}
        delete from {{ target_relation }}
        where day in (select day from {{ source('ops', 'build_days') }})
            and {{ config.get('outdated_rows', 'true') }}
    {%- endcall -%}
    {%- call statement('main') -%}
        insert into {{ target_relation }} by name
        {{ sql }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Columns that the model's contract has and the stored table lacks, added empty. -#}
{% macro add_missing_columns(relation) %}
    {%- set stored = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- for column in model['columns'].values() if column['name'] not in stored -%}
        {%- call statement('add_' ~ column['name']) -%}
            alter table {{ relation }} add column {{ column['name'] }} {{ column['data_type'] }}
        {%- endcall -%}
    {%- endfor -%}
{% endmacro %}
