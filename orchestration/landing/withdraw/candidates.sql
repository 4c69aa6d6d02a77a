-- The files (id, source, name) that may have rows which were kept out by a freed one, in the order of landing. Of other
-- sources that is what conflicts with it by its id.
select file_id, source, name
from ops.files as f
where
    kind = $kind
    and file_id <> $file_id
    and withdrawn_at is null
    and file_sequence > (select min(file_sequence) from freed)
    and (
        (source = $source and duplicates > 0)
        or exists (
            select 1 from ops.rejected_rows as r
            where
                (r.file_id, r.kind, r.source) = (f.file_id, f.kind, f.source)
                and r.reason = 'conflict'
                and (
                    f.source = $source
                    or ($kind = 'payments' and r.row_id in (select cast({row_id} as VARCHAR) from freed))
                )
        )
    )
order by file_sequence;
