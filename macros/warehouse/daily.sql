{#-
  A table that is built a day at a time. In one transaction the rows of the days being built
  (ops.build_days) are taken out and those that the model gives are put in, straight from the query:
  no temporary copy, and a day that has become empty is emptied.

  `outdated_rows` narrows what is taken out (rated_calls keeps the legs of closed days). A full
  refresh does the same and no more: a table whose days are closed is never dropped.
-#}
{% materialization daily, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if not var('models_made', false) -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
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


{#-
  Create what is made by the day where it is missing, and add the columns that a contract has gained, so that
  models may look at what is stored before it is built. Runs at the start of every dbt run; told that an earlier one
  made every model as it is now (`models_made`), it only sees to the views, which name the files where they are now.
  A run that is not told so may make lookups of other days, or of none: those there are count for no build any more.
-#}
{% macro create_daily_tables() %}
    {%- if execute and not var('models_made', false) %}
        update ops.lookups set complete = false;
    {%- endif %}
    {%- for node in (graph.nodes.values() if execute else [])
        if node.resource_type == 'model' and node.config.materialized in ['daily', 'daily_files'] -%}
        {%- set table = node.schema ~ '.' ~ node.name -%}
        create schema if not exists {{ node.schema }};
        {%- if node.config.materialized == 'daily_files' %}
            {{ view_of_stored_files(table, env_var('TOLLBOOK_HOME', 'var'), node.columns.values()) }};
        {%- elif not var('models_made', false) -%}
            {%- set columns = [] -%}
            {%- for column in node.columns.values() -%}
                {%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}
            {%- endfor %}
            create table if not exists {{ table }} ({{ columns | join(', ') }});
            {%- for column in columns %}
                alter table {{ table }} add column if not exists {{ column }};
            {%- endfor %}
        {%- endif %}
    {%- endfor %}
{% endmacro %}
