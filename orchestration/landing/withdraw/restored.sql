-- Of CDRs: a version that one of the file's superseded comes back; where the file's was superseded in turn, it stays as
-- it is. Temp table returned: the versions that are back.

-- where its own version was superseded in turn, what that one superseded is the later file's to give back
update landed.superseded_cdrs as s
set superseded_by = o.superseded_by
from (
    select *
    from landed.superseded_cdrs
    where file_id = $file_id and source = $source and withdrawal is null
) as o
where
    s.superseded_by = $file_id
    and s.source = $source
    and s.call_id = o.call_id
    and s.attempt = o.attempt
    and abs(s.day - o.day) <= 1;

update landed.superseded_cdrs
set withdrawal = $withdrawal
where file_id = $file_id and source = $source and withdrawal is null;

-- of files that were withdrawn meanwhile: they stay out, but nothing stands in the way of the same rows any more
insert into freed by name
select * exclude (superseded_by, withdrawal)
from landed.superseded_cdrs
where superseded_by = $file_id and source = $source and withdrawal is not null;

update landed.superseded_cdrs
set superseded_by = ''
where superseded_by = $file_id and source = $source and withdrawal is not null;

create or replace temp table returned as
select s.*, s.rowid as rid
from landed.superseded_cdrs as s
where
    s.superseded_by = $file_id
    and s.source = $source
    and s.withdrawal is null
    and not exists (
        select 1 from landed.cdrs as c
        where
            s.source = c.source
            and s.call_id = c.call_id
            and s.attempt = c.attempt
            and abs(s.day - c.day) <= 1
    );

-- a leg of it that is stored yet is its own again; else it is rated as what lands now
insert into landed.cdrs by name
select
    * exclude (superseded_by, withdrawal, rid, file_sequence),
    case
        when (source, call_id, attempt, day, file_sequence) in (
            select (source, call_id, attempt, day, file_sequence) from marts.rated_calls
            where day in (select day from returned)
        ) then file_sequence
        else $sequence
    end as file_sequence,
from returned;

delete from landed.superseded_cdrs where rowid in (select rid from returned);
