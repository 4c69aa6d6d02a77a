{#-
  What is made by the day: dbt sees to it that the model is as its contract says, a build makes the days
  (orchestration/engine/daily.py), each alone and in one transaction, with the query that is compiled here. `kept` says
  how: `rows` of a table, of which those of the days being built (run.build_days) are replaced, where they are
  `outdated_rows`; `files`, a Parquet file for each day and build that is written once and never changed, which is what
  analysts read, too; those of closed days are kept where closing seals them (`sealed_at_close`).

  A full refresh does no more: a table whose days are closed is never dropped, until a release has a view in its place
  (the build after it says so).
-#}
{% materialization daily, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view' if config.require('kept') == 'files' else 'table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do get_assert_columns_equivalent(sql) -%}
    {%- call statement('main') -%}select 1{%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
