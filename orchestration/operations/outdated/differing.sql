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

-- the row of rates.csv that the leg takes today
taking as (
    select l.*, w."row" as takes
    from legs as l
    left join rating.rate_terms as t on l.rate_no = t.rate_no and t.deck = 0
    left join rate_rows as w on t.line = w.line
),

legs_differing as (
    select l.day, l.source, l.call_id, l.attempt, l.side
    from taking as l
    where l.differs

    union

    select t.day, t.source, t.call_id, t.attempt, t.side
    from touched as t
    inner join taking as l
        on
            t.day = l.day
            and t.source = l.source
            and t.call_id = l.call_id
            and t.attempt = l.attempt
            and t.side = l.side
            and t."row" = l.takes
    where
        t.file = 'rates'
        and t.sign = 1
        -- the same words may have held then from another time on
        and not exists (
            select 1
            from main.asked_rates as a
            where
                a.day = t.day
                and a.file = 'rates'
                and a.sign = -1
                and a."row" = t."row"
                and l.charged_at >= a.since
                and l.charged_at < a.until
        )
)

select distinct t.day, t.file, t."row", t.sign
from touched as t
semi join legs_differing as l
    on
        t.day = l.day
        and t.source = l.source
        and t.call_id = l.call_id
        and t.attempt = l.attempt
        and t.side = l.side
