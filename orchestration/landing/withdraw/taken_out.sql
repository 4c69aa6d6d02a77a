-- Move the file's rows out of their table. Temp table freed has them: rows that others may have been compared with;
-- returned (day), what comes back for them, is empty yet.
create or replace temp table freed as
select *
from {table}
where file_id = $file_id and source = $source;

insert into {gone} by name
select {as_gone}, $withdrawal as withdrawal
from freed;

delete from {table} where file_id = $file_id and source = $source;

create or replace temp table returned (day DATE);
