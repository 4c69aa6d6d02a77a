-- Temp table asked_rates: the changes in how a rate is chosen, with what of a day's legs they could touch.
create or replace temp table asked_rates as
with beginnings as (
    select *, unnest(range(length("row" ->> 'prefix') + 1)) as digits
    from changed
    where file = 'rates'
),

-- a leg's rate is of its prefix; a changed one of the same prefix, or of a longer one, could be its own
used as (
    select distinct
        b.day,
        b.rate_table_id,
        case when t.kind = 'markup' then '' else coalesce(b.prefix, '') end as prefix,
        coalesce(t.band_policy = 'split', false) as splits,
    from marts.breakout_rate_daily as b
    inner join config.rate_tables as t on b.rate_table_id = t.rate_table_id
    where b.day in (select day from closed_under)
),

by_rate as (
    select distinct
        u.day,
        u.lo,
        u.hi,
        b.file,
        b."row",
        b.tie,
        b.sign,
        b.since,
        b.until,
        r.rate_table_id,
        r.prefix,
        substr(b."row" ->> 'prefix', length(r.prefix) + 1) as longer_by,
        null as source,
    from beginnings as b
    inner join closed_under as u on b.config = u.config and b.since < u.day + interval 1 day and b.until > u.day
    inner join used as r
        on
            u.day = r.day
            and b."row" ->> 'rate_table_id' = r.rate_table_id
            and left(b."row" ->> 'prefix', b.digits) = r.prefix

    union

    -- of a call that is split each part has the longest prefix with a rate in its own band
    select
        u.day,
        u.lo,
        u.hi,
        c.file,
        c."row",
        c.tie,
        c.sign,
        c.since,
        c.until,
        r.rate_table_id,
        r.prefix,
        '' as longer_by,
        null as source,
    from changed as c
    inner join closed_under as u on c.config = u.config and c.since < u.day + interval 1 day and c.until > u.day
    inner join (select *, unnest(range(length(prefix))) as digits from used where splits) as r
        on
            u.day = r.day
            and c."row" ->> 'rate_table_id' = r.rate_table_id
            and c."row" ->> 'prefix' = left(r.prefix, r.digits)
    where c.file = 'rates'
),

deck_begins as (
    select
        t.deck,
        t.rate_table_id,
        d.name,
        least(min(r.valid_from), any_value(case when t.replaces_all then t.effective_at end)) as since,
    from ops.deck_tables as t
    inner join ops.decks as d on t.deck = d.deck
    left join landed.rates as r on t.deck = r.deck and t.rate_table_id = r.rate_table_id
    group by t.deck, t.rate_table_id, d.name
),

by_deck as (
    select
        u.day,
        u.lo,
        u.hi,
        'decks' as file,
        to_json({'deck': d.deck, 'rate_table_id': d.rate_table_id, 'file': d.name})::VARCHAR as "row",
        1 as sign,
        d.since,
        timestamp '9999-12-31' as until,
        d.rate_table_id,
    from closed_under as u
    inner join deck_begins as d on u.deck < d.deck and d.since < u.day + interval 1 day
),

-- a band, or a region, is asked for by all legs of the tables that have some
by_table as (
    select a.* exclude (what, key), t.rate_table_id
    from asked as a
    inner join config.rate_tables as t on a."row" ->> 'timetable_id' = t.timetable_id
    where a.file in ('timetables', 'holidays')

    union all

    select a.* exclude (what, key), t.rate_table_id
    from asked as a
    cross join (
        select rate_table_id from config.rates where jurisdiction <> ''
        union
        select rate_table_id from landed.rates where jurisdiction <> ''
    ) as t
    where a.file = 'prefix_regions'
)

from by_rate
union all by name
select d.* from by_deck as d inner join ops.day_keys as k on d.day = k.day and d.rate_table_id = k.key and k.what = 'table'
union all by name
select b.* from by_table as b inner join ops.day_keys as k on b.day = k.day and b.rate_table_id = k.key and k.what = 'table'
union all by name
select * exclude (what, key), key as source from asked where file = 'sources';
