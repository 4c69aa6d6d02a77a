-- Temp table closed_under (day, lo, hi, ..., examined_for): closings under another configuration or other decks than
-- are loaded, of days that were not looked at since those were; outdated_by is where what is found goes.
create or replace temp table closings_elsewhere as
with loaded as (
    select version, (select coalesce(max(deck), 0) from ops.decks) as deck
    from ops.configuration
),

-- the legs of a closing are those of the files that had landed by then and not by the one before
closings as (
    select
        day,
        coalesce(lag(file_sequence) over (partition by day order by ordinal), -1) as lo,
        file_sequence as hi,
        max(ordinal) over (partition by day) as last_ordinal,
        config,
        deck,
    from ops.closings
),

superseded as (
    select day, count(*) as calls
    from landed.superseded_cdrs
    group by day
)

select
    k.day,
    k.lo,
    k.hi,
    k.last_ordinal,
    k.config,
    k.deck,
    concat_ws(' ', l.version, l.deck, k.last_ordinal, coalesce(s.calls, 0)) as examined_for,
from closings as k
cross join loaded as l
left join superseded as s on k.day = s.day
where k.config <> l.version or k.deck <> l.deck;

delete from ops.outdated_days where day not in (select day from closings_elsewhere);

create or replace temp table closed_under as
select c.*
from closings_elsewhere as c
left join ops.outdated_days as o on c.day = o.day
where o.examined_for is distinct from c.examined_for;

create or replace temp table outdated_by (day DATE, file VARCHAR, "row" VARCHAR, sign INTEGER);
