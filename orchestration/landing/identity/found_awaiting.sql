-- Refunds and write-offs of the file that want a second operator belong to the identities of temp table `found`.
insert into {found}
select distinct {identity}
from {table} as r
where r.file_sequence = $sequence and {awaits_second};
