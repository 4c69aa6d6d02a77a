-- Decide on every staged row with a standing neighbour, then let the first of the others stand: temp table first
-- (line). A standing row without rid is this file's own: where the file supersedes, only its own rows are in conflict.
update staged as r
set state = 'duplicate'
where r.state = '' and exists (select 1 from standing as o where {same_identity} and {same_rest});

update staged as r
set state = 'conflict'
where
    r.state = ''
    and exists (
        select 1 from standing as o
        where {same_identity} and {near} and (not $supersede or o.rid is null)
    );

create or replace temp table first as
select min(line) as line
from staged
where state = ''
group by {identity};

insert into outgoing
select distinct rid
from standing as o
where
    exists (
        select 1 from staged as r
        where r.line in (select line from first) and {same_identity} and {near}
    );

delete from standing where rid in (select rid from outgoing);

insert into standing
select {stored}, null
from staged
where line in (select line from first);

update staged set state = 'landed' where line in (select line from first);
