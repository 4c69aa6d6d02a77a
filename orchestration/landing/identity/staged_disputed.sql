-- Temp table staged: the disputed rows, read again with their lines (read_again, a query); they leave the table.
create or replace temp table staged as
select *, '' as state, null::VARCHAR as detail
from ({read_again}) as r
where exists (select 1 from disputed as o where {same_identity});

delete from {table} as r
where r.file_sequence = $sequence and exists (select 1 from disputed as o where {same_identity});
