-- What was decided of the staged rows: those that stand land; conflicts, and what waits for a second operator, are listed.
insert into {table} by name
select * exclude (line, raw, state, detail)
from staged
where state = 'landed'
order by line;

insert into conflicts
select line, day, raw, {row_id}, {attempt}, state, detail
from staged
where state in ('conflict', 'awaits_second');
