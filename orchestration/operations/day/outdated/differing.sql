-- The changed rows that touched a leg which is rated otherwise today: any column that is stored of it differs, or it
-- takes a row of rates.csv that was not there then, or not in these words.
with stored as (
    select day, source, call_id, attempt, charged_at, 'sell' as side, columns('sell_(.*)') as '\1'
    from main.stored

    union all by name

    select day, source, call_id, attempt, charged_at, 'buy' as side, columns('buy_(.*)') as '\1'
    from main.stored
),

today as (
    select day, source, call_id, attempt, 'sell' as side, columns('sell_(.*)') as '\1'
    from rating.rated_calls

    union all by name

    select day, source, call_id, attempt, 'buy' as side, columns('buy_(.*)') as '\1'
    from rating.rated_calls
),

rates as (
    select day, source, call_id, attempt, 'sell' as side, columns('sell_(rate_no|splits)') as '\1'
    from rating.covered_legs

    union all by name

    select day, source, call_id, attempt, 'buy' as side, columns('buy_(rate_no|splits)') as '\1'
    from rating.covered_legs
),

legs as (
    select
        s.day,
        s.source,
        s.call_id,
        s.attempt,
        s.side,
        s.charged_at,
        s.prefix,
        n.rate_no,
        s.band is distinct from r.band or coalesce(n.splits, false) as has_other_band,
        (
            s.account_id,
            s.rate_table_id,
            s.prefix,
            s.destination,
            s.band,
            s.rate_per_minute,
            s.currency,
            s.status,
            s.reason,
            s.billed_s,
            s.amount,
            s.account_amount,
            s.reporting_amount
        ) is distinct from (
            r.account_id,
            r.rate_table_id,
            r.prefix,
            r.destination,
            r.band,
            r.rate_per_minute,
            r.currency,
            r.status,
            r.reason,
            r.billed_s,
            r.amount,
            r.account_amount,
            r.reporting_amount
        ) as differs,
    from stored as s
    inner join today as r using (day, source, call_id, attempt, side)
    inner join rates as n using (day, source, call_id, attempt, side)
    -- one that is ignored is none, too, and has a reason
    where (s.status <> 'none' or s.reason is not null) and (r.status <> 'none' or r.reason is not null)
),

-- the deck, or the row of rates.csv, that the leg takes today
taking as (
    select
        l.*,
        t.deck as takes_deck,
        w."row" as takes_row,
    from legs as l
    left join rating.rate_terms as t on l.rate_no = t.rate_no
    left join rate_rows as w on t.deck = 0 and t.line = w.line
),

-- what rates.csv said before the change, as far as it says so still: the same words from another row are no change
held as (
    select r."row", r.since, r.until
    from rate_rows as r
    anti join (from main.asked_rates where file = 'rates' and sign = 1) as a on r."row" = a."row" and r.tie = a.tie

    union all

    select "row", since, until
    from main.asked_rates
    where file = 'rates' and sign = -1
),

judged as (
    select
        t.day,
        t.file,
        t."row",
        t.sign,
        l.differs,
        t.file = 'rates'
        and t.sign = 1
        and t."row" = l.takes_row
        and not exists (
            select 1
            from held as h
            where h."row" = t."row" and l.charged_at >= h.since and l.charged_at < h.until
        ) as is_new_words,
        -- whether this row can be what made the difference
        coalesce(
            case
                when t.file = 'decks' then l.takes_deck = ((t."row" ->> 'deck')::INTEGER)
                when t.file = 'rates' and t.sign = 1 then t."row" = l.takes_row
                when t.file = 'rates' then t."row" ->> 'prefix' = coalesce(l.prefix, '')
                when t.file in ('timetables', 'holidays') then l.has_other_band
                else true
            end,
            false
        ) as is_behind,
    from touched as t
    inner join taking as l
        on
            t.day = l.day
            and t.source = l.source
            and t.call_id = l.call_id
            and t.attempt = l.attempt
            and t.side = l.side
),

-- new words bring the old ones of the same prefix along
reworded as (
    select distinct day, "row" ->> 'rate_table_id' as rate_table_id, "row" ->> 'prefix' as prefix
    from judged
    where is_new_words
)

select j.day, j.file, j."row", j.sign, bool_or(j.is_behind) as is_behind
from judged as j
left join reworded as w
    on
        j.day = w.day
        and j.file = 'rates'
        and j."row" ->> 'rate_table_id' = w.rate_table_id
        and j."row" ->> 'prefix' = w.prefix
where j.differs or w.day is not null
group by j.day, j.file, j."row", j.sign
