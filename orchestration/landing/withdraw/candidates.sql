-- The files (id, name) that may have rows which were kept out by a freed one, in the order of landing.
select file_id, name
from ops.files as f
where
    kind = $kind
    and source = $source
    and file_id <> $file_id
    and withdrawn_at is null
    and file_sequence > (select min(file_sequence) from freed)
    and (
        duplicates > 0
        or exists (
            select 1 from ops.rejected_rows as r
            where (r.file_id, r.kind, r.source) = (f.file_id, f.kind, f.source) and r.reason = 'conflict'
        )
    )
order by file_sequence;
