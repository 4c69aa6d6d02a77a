-- The days that changed: of rows that left, that are back, and that the file, or one of the rows which left, had
-- corrected. It corrects nothing any more, and nothing is corrected of it.
create or replace temp table corrected as
select file_id, line
from ops.corrections
where corrected_by = $file_id and kind = $kind and source = $source;

delete from ops.corrections
where
    kind = $kind
    and source = $source
    and (corrected_by = $file_id or (file_id = $file_id and line is not null));

insert into ops.file_days
select distinct $file_id, $kind, $source, day, 0, $sequence
from (
    select day from freed
    union all
    select day from returned
    union all
    select r.day
    from ops.rejected_rows as r
    inner join (
        select cast({row_id} as VARCHAR) as row_id, cast({attempt} as INTEGER) as attempt, file_sequence
        from freed
    ) as f
        on
            r.row_id = f.row_id
            and r.attempt is not distinct from f.attempt
            and r.file_sequence < f.file_sequence
    where r.kind = $kind and r.source = $source and r.file_id <> $file_id
    union all
    select r.day
    from ops.rejected_rows as r
    inner join corrected as k on r.file_id = k.file_id and r.line = k.line
    where r.kind = $kind and r.source = $source
    union all
    select unnest(u.days)
    from ops.unreadable_files as u
    inner join corrected as k on u.file_id = k.file_id and k.line is null
    where u.kind = $kind and u.source = $source
);
