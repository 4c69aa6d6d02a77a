-- What was decided of the staged rows: those that stand land, the conflicts are listed.
insert into {table} by name
select * exclude (line, raw, state, detail)
from staged
where state = 'landed'
order by line;

insert into conflicts
select line, day, raw, {row_id}, {attempt}, detail
from staged
where state = 'conflict';
