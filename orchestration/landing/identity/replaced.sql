-- The CDRs that others supersede move away; the days that lost one are in `replaced`.
insert into replaced
select day
from {table}
where rowid in (select rid from outgoing);

insert into landed.superseded_cdrs by name
select *, $file_id as superseded_by
from {table}
where rowid in (select rid from outgoing);

delete from {table} where rowid in (select rid from outgoing);
