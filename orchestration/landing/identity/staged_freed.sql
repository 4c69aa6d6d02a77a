-- Temp table staged: the rows of a landed file, read again (read_again, a query), that a row of `freed` had kept out:
-- equal to it, or rejected as in conflict with it. They are not rejected any more.
create or replace temp table good as {read_again};

create or replace temp table freed_today as
select {as_read_today}
from freed;

create or replace temp table staged as
select *, '' as state, null::VARCHAR as detail
from good as r
where
    exists (select 1 from freed_today as o where {same_identity} and {same_rest})
    or (
        r.line in (
            select line from ops.rejected_rows
            where file_id = $file_id and kind = $kind and source = $source and reason = 'conflict'
        )
        and exists (select 1 from freed_today as o where {same_identity} and {near})
    );

delete from ops.rejected_rows
where file_id = $file_id and kind = $kind and source = $source and line in (select line from staged);
