-- The days that changed: of rows that left, that are back, and that one of those which left had corrected.
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
);
