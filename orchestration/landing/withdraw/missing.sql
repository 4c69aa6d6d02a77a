-- Whether a freed row is not there again from another file, or one of the conflicts of $file_id may be none any more.
select
    exists (
        select 1 from freed as r
        where
            not exists (
                select 1 from {table} as o
                where {same_identity} and {same_rest} and r.source is not distinct from o.source
            )
    )
    or exists (
        select 1 from ops.rejected_rows
        where file_id = $file_id and kind = $kind and source = $source and reason = 'conflict'
    );
