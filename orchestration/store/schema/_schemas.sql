-- What the warehouse holds besides the models that dbt builds: the landed rows, the books
-- that only grow, and the records of what was done. Changes nothing that is there.

create schema if not exists landed;
create schema if not exists ops;
create schema if not exists config;
create schema if not exists marts;
create schema if not exists run;

-- Which version of these tables the warehouse has (orchestration/store/upgrade.py): one row.
create table if not exists ops.release (tables INTEGER not null);
