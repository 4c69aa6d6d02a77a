-- The file's identities that had landed before, near enough, are hits as well.
insert into hits
select distinct {identity}
from {table} as r
where
    r.file_sequence = $sequence
    and exists (select 1 from landed_before as o where {same_identity} and {near});
