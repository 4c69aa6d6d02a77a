{#-
  A table that is built a day at a time and kept as Parquet: files that are written once and never
  changed, under TOLLBOOK_HOME/tables/<schema.table>/day=<day>/, and a view over those that count
  (ops.stored_files). What analysts read are the same files, so millions of rows are written once.

  A build writes the rows that the model gives for each day being built (one query a day, so that memory does
  not grow with the range) and drops the files of earlier builds of that day, but for those that
  closing the day has sealed (`sealed_at_close`: rated_calls, whose closed legs stay). In one transaction: files that no row of ops.stored_files names do not exist.
-#}
{% materialization daily_files, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set table = this.schema ~ '.' ~ this.name -%}
    {%- set home = env_var('TOLLBOOK_HOME', 'var') -%}
    {%- if not var('models_made', false) -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set building -%}
        select day, epoch_us(get_current_timestamp()) as token from {{ source('ops', 'build_days') }} order by day
    {%- endset -%}
    {%- set days = run_query(building).rows -%}
    {%- call statement('drop') -%}
        delete from ops.stored_files
        where table_name = '{{ table }}' and not sealed and day in (select day from {{ source('ops', 'build_days') }})
    {%- endcall -%}
    {#- joins are written with the calls first and what is looked up second: the planner's guess is worse -#}
    {%- call statement('joins_as_written') -%}set disabled_optimizers = 'build_side_probe_side'{%- endcall -%}
    {%- for day, token in days -%}
        {%- do build_day_alone(day) -%}
        {%- if config.get('sealed_at_close') -%}{%- do drop_superseded_rows(table, home, day, token) -%}{%- endif -%}
        {%- do store_file(table, home, day, token, sql, false) -%}
    {%- endfor -%}
    {%- call statement('joins_as_planned') -%}reset disabled_optimizers{%- endcall -%}
    {%- call statement('days') -%}
        delete from {{ source('ops', 'build_days') }};
        {% for day, token in days %}insert into {{ source('ops', 'build_days') }} values ('{{ day }}');{% endfor %}
    {%- endcall -%}
    {%- call statement('main') -%}
        {{ view_of_stored_files(table, home, model['columns'].values()) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Let the model see one of the days being built, within the transaction: it asks ops.build_days. -#}
{% macro build_day_alone(day) %}
    {%- call statement('day') -%}
        delete from {{ source('ops', 'build_days') }};
        insert into {{ source('ops', 'build_days') }} values ('{{ day }}');
    {%- endcall -%}
{% endmacro %}


{#- Write what a query gives to one new file of a day, and note it; a query without rows leaves no file. -#}
{% macro store_file(table, home, day, token, query, sealed) %}
    {%- set path = 'tables/' ~ table ~ '/day=' ~ day ~ '/' ~ token ~ ('-sealed' if sealed else '') ~ '.parquet' -%}
    {%- call statement('copy', fetch_result=True) -%}
        copy ({{ query }}) to {{ sql_text(home ~ '/' ~ path) }} (format parquet, compression zstd, compression_level 1)
    {%- endcall -%}
    {%- call statement('note') -%}
        insert into ops.stored_files values ('{{ table }}', date '{{ day }}', '{{ path }}', {{ sealed }})
    {%- endcall -%}
{% endmacro %}


{#-
  A CDR that was superseded after its day closed takes its legs with it: the sealed files of the day are
  written again without them. Nothing else ever changes a sealed file.
-#}
{% macro drop_superseded_rows(table, home, day, token) %}
    {%- set superseded -%}
        select f.path
        from ops.stored_files as f
        where
            f.table_name = '{{ table }}' and f.sealed and f.day = date '{{ day }}'
            and exists (
                select 1 from {{ table }} as r
                where r.day = date '{{ day }}'
                    and (r.source, r.call_id, r.attempt, r.file_sequence) in (
                        select (s.source, s.call_id, s.attempt, s.file_sequence) from landed.superseded_cdrs as s
                        where s.day = date '{{ day }}'
                    )
            )
    {%- endset -%}
    {%- set paths = run_query(superseded).columns[0].values() -%}
    {%- if paths -%}
        {%- call statement('unseal') -%}
            delete from ops.stored_files where table_name = '{{ table }}' and sealed and day = date '{{ day }}'
        {%- endcall -%}
        {%- set kept -%}
            select * from {{ parquet_files(home, paths) }}
            where (source, call_id, attempt, file_sequence) not in (
                select (source, call_id, attempt, file_sequence) from landed.superseded_cdrs
                where day = date '{{ day }}'
            )
        {%- endset -%}
        {%- do store_file(table, home, day, token, kept, true) -%}
    {%- endif -%}
{% endmacro %}


{#-
  The statement that makes a table's view over the files that count. A column that the contract has gained since a
  file was written is null there. Columns are only ever added: the first written file says which have come since,
  the last written one which no file has yet.
-#}
{% macro view_of_stored_files(table, home, columns) %}
    {%- set listed -%}
        select path from ops.stored_files where table_name = '{{ table }}' order by day, path
    {%- endset -%}
    {%- set paths = run_query(listed).columns[0].values() if execute else [] -%}
    {%- set first = columns_of_stored_file(table, home, 'asc') if paths else [] -%}
    {%- set last = columns_of_stored_file(table, home, 'desc') if paths else [] -%}
    {%- set gained = columns | rejectattr('name', 'in', first) | list -%}
    create or replace view {{ table }} as
    select
        {%- for column in columns %}
        {{ column.name if column.name in last else 'null' }}::{{ column.data_type }} as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {% if paths -%}
        from {{ parquet_files(home, paths, true, ', union_by_name = true' if gained else '') }}
    {%- else -%}
        where false
    {%- endif -%}
{% endmacro %}


{#-
  The columns of the stored file of a table that was written first (`asc`) or last (`desc`). A sealed file that was
  written again has the columns it had, so it is never the last.
-#}
{% macro columns_of_stored_file(table, home, direction) %}
    {%- set written -%}
        select path from ops.stored_files
        where table_name = '{{ table }}'
        order by
            {{ "contains(path, '-sealed')," if direction == 'desc' }}
            regexp_extract(path, '([0-9]+)(-sealed)?[.]parquet$', 1)::BIGINT {{ direction }}
        limit 1
    {%- endset -%}
    {%- set path = run_query(written).columns[0].values()[0] -%}
    {%- set named -%}select name from parquet_schema({{ sql_file(home ~ '/' ~ path) }}){%- endset -%}
    {{ return(run_query(named).columns[0].values() | list) }}
{% endmacro %}
