-- Payments of the file that landed from another source belong to the identities of temp table `found`.
insert into {found}
select distinct {identity}
from {table} as r
where
    r.file_sequence = $sequence
    and exists (select 1 from paid_elsewhere as o where {same_payment});
