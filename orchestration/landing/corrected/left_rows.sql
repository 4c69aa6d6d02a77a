-- Temp table left_rows: what was rejected of earlier files of the source and is neither waived nor corrected, as far as
-- something other than identity tells it: rows, and files that could not be read (no line). A landing may come before
-- this release has made its models: that a waiver is in force is said here as in stg_waivers.
create or replace temp table left_rows as
select
    r.file_id,
    r.line,
    r.raw,
    r.reason,
    coalesce(trim(r.row_id), '') = '' or ($kind = 'cdrs' and r.attempt is null) as is_unnamed,
from (
    select file_id, kind, source, line, day, raw, reason, row_id, attempt, file_sequence from ops.rejected_rows
    union all by name
    select distinct on (file_id, kind, source) file_id, kind, source, null::BIGINT as line, file_sequence
    from ops.unreadable_files
) as r
where
    r.kind = $kind
    and r.source = $source
    and r.file_id <> $file_id
    and r.file_sequence < $sequence
    and not exists (
        select 1 from ops.corrections as k
        where
            k.file_id = r.file_id and k.kind = r.kind and k.source = r.source and k.line is not distinct from r.line
    )
    and not exists (
        select 1 from ops.waivers as w
        where
            w.ended_at is null
            and (not coalesce(w.awaits_second, false) or w.confirmed_at is not null)
            and (
                (w.what = 'file' and w.key = r.file_id)
                or (w.what = 'row' and w.day = r.day and w.key = r.file_id || ':' || r.line)
            )
            and coalesce(w.kind, r.kind) = r.kind
            and coalesce(w.source, r.source) = r.source
    );
