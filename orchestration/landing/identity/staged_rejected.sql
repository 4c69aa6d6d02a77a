-- Temp table staged: the rows of a landed file that were rejected and are asked about again ({which}: as conflicts, or
-- waiting for a second operator), read again (read_again, a query); they are not rejected any more.
create or replace temp table staged as
select *, '' as state, null::VARCHAR as detail
from ({read_again})
where
    line in (
        select line from ops.rejected_rows
        where file_id = $file_id and kind = $kind and source = $source and {which}
    );

delete from ops.rejected_rows
where file_id = $file_id and kind = $kind and source = $source and {which};
