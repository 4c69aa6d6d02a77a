-- Of rows that only repeat each other the first stays. Temp table disputed: the identities of the others.
create or replace temp table left_over as
select r.*, r.rowid as rid
from {table} as r
where r.file_sequence = $sequence and exists (select 1 from hits as o where {same_identity});

create or replace temp table disputed as
select {identity}
from left_over
group by {identity}
having count(distinct ({stored})) > 1
union
select {identity}
from left_over as r
where exists (select 1 from landed_before as o where {same_identity} and {near});

delete from {table}
where rowid in (
    select rid
    from (
        select rid, row_number() over (partition by {identity} order by rid) as nth
        from left_over as r
        where not exists (select 1 from disputed as o where {same_identity})
    )
    where nth > 1
);
