-- The file's identities that had landed before, on the same day or a neighbouring one, are hits as well.
insert into hits
select distinct {identity}
from {table} as r
where
    r.file_sequence = $sequence
    and exists (select 1 from landed_before as o where {same_identity} and abs(r.day - o.day) <= 1);
