-- The changed rows that touched a leg which is rated otherwise today: any column that is stored of it differs, or it
-- takes a row of rates.csv that was not there then, or not in these words.
with legs as (
    select
        s.day,
        s.source,
        s.call_id,
        s.attempt,
        s.charged_at,
        'sell' as side,
        n.sell_rate_no as rate_no,
        s.sell_prefix as prefix,
        s.sell_band is distinct from r.sell_band or coalesce(n.sell_splits, false) as has_other_band,
        (
            s.sell_account_id,
            s.sell_rate_table_id,
            s.sell_prefix,
            s.sell_destination,
            s.sell_band,
            s.sell_rate_per_minute,
            s.sell_currency,
            s.sell_status,
            s.sell_reason,
            s.sell_billed_s,
            s.sell_amount,
            s.sell_account_amount,
            s.sell_reporting_amount
        ) is distinct from (
            r.sell_account_id,
            r.sell_rate_table_id,
            r.sell_prefix,
            r.sell_destination,
            r.sell_band,
            r.sell_rate_per_minute,
            r.sell_currency,
            r.sell_status,
            r.sell_reason,
            r.sell_billed_s,
            r.sell_amount,
            r.sell_account_amount,
            r.sell_reporting_amount
        ) as differs,
    from main.stored as s
    inner join rating.rated_calls as r
        on s.source = r.source and s.call_id = r.call_id and s.attempt = r.attempt and s.day = r.day
    inner join rating.covered_legs as n
        on s.source = n.source and s.call_id = n.call_id and s.attempt = n.attempt and s.day = n.day
    where s.sell_status <> 'none' and r.sell_status <> 'none'

    union all

    select
        s.day,
        s.source,
        s.call_id,
        s.attempt,
        s.charged_at,
        'buy' as side,
        n.buy_rate_no as rate_no,
        s.buy_prefix as prefix,
        s.buy_band is distinct from r.buy_band or coalesce(n.buy_splits, false) as has_other_band,
        (
            s.buy_account_id,
            s.buy_rate_table_id,
            s.buy_prefix,
            s.buy_destination,
            s.buy_band,
            s.buy_rate_per_minute,
            s.buy_currency,
            s.buy_status,
            s.buy_reason,
            s.buy_billed_s,
            s.buy_amount,
            s.buy_account_amount,
            s.buy_reporting_amount
        ) is distinct from (
            r.buy_account_id,
            r.buy_rate_table_id,
            r.buy_prefix,
            r.buy_destination,
            r.buy_band,
            r.buy_rate_per_minute,
            r.buy_currency,
            r.buy_status,
            r.buy_reason,
            r.buy_billed_s,
            r.buy_amount,
            r.buy_account_amount,
            r.buy_reporting_amount
        ) as differs,
    from main.stored as s
    inner join rating.rated_calls as r
        on s.source = r.source and s.call_id = r.call_id and s.attempt = r.attempt and s.day = r.day
    inner join rating.covered_legs as n
        on s.source = n.source and s.call_id = n.call_id and s.attempt = n.attempt and s.day = n.day
    where s.buy_status <> 'none' and r.buy_status <> 'none'
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
