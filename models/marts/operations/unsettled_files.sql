-- Files that could not be read and that nothing has settled, on each day that they hold: not waived, and not landed.
-- That is the same bytes, as whatever they are; or later a file with rows of the same kind, source and name, compressed
-- or not, unless one of that name had landed before it: then the name does not say that it is this one corrected; or
-- one that was said to be.
-- A waiver is of what had come when it was given. A file keeps the time at which it landed; its place in the order
-- changes when more of its rows come to count.

with unreadable as (
    select
        file_id,
        kind,
        source,
        name,
        seen_at,
        days,
        problem,
        file_sequence,
        regexp_replace(name, '[.]gz$', '') as plain_name,
    from {{ ref('stg_unreadable_files') }}
),

landed as (
    select
        file_id,
        kind,
        source,
        landed_at,
        rows,
        file_sequence,
        regexp_replace(name, '[.]gz$', '') as plain_name,
    from {{ ref('stg_files') }}
    where withdrawn_at is null
),

named_before as (
    select u.file_id, u.kind, u.source
    from unreadable as u
    semi join landed as f
        on
            u.kind = f.kind
            and u.source = f.source
            and u.plain_name = f.plain_name
            and (u.seen_at, u.file_sequence) > (f.landed_at, f.file_sequence)
),

corrected as (
    select u.file_id, u.kind, u.source
    from unreadable as u
    inner join landed as f
        on
            u.kind = f.kind
            and u.source = f.source
            and u.plain_name = f.plain_name
            and (u.seen_at, u.file_sequence) < (f.landed_at, f.file_sequence)
    anti join named_before as b on u.file_id = b.file_id and u.kind = b.kind and u.source = b.source
    where f.rows > 0
)

select
    unnest(u.days) as day,
    u.kind,
    u.source,
    u.name,
    u.file_id,
    u.seen_at,
    u.problem,
from unreadable as u
-- files with nothing in them are all alike: what landed elsewhere is another one
anti join landed as f on u.file_id = f.file_id and (f.rows > 0 or (u.kind = f.kind and u.source = f.source))
anti join corrected as c on u.file_id = c.file_id and u.kind = c.kind and u.source = c.source
anti join {{ ref('stg_corrections') }} as k
    on
        u.file_id = k.file_id
        and u.kind = k.kind
        and u.source = k.source
        and k.line is null
        and u.seen_at <= k.corrected_at
anti join {{ ref('stg_waivers') }} as w
    on
        w.what = 'file'
        and w.in_force
        and u.file_id = w.key
        and u.seen_at <= w.waived_at
        and {{ waived_of('w', 'u') }}
