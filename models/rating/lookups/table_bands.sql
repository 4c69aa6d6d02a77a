-- The bands that a call can have by each rate table, those of its timetable and its holidays; empty is none.
{{ config(materialized='view') }}

select t.table_no, r.band
from {{ ref('rate_table_terms') }} as t
inner join {{ ref('stg_timetables') }} as r on t.timetable_id = r.timetable_id

union

select t.table_no, h.band
from {{ ref('rate_table_terms') }} as t
inner join {{ ref('stg_holidays') }} as h on t.timetable_id = h.timetable_id

union

select table_no, '' as band from {{ ref('rate_table_terms') }}
