-- The rows behind an invoice (`evidence_rows`: marts.invoice_calls as frozen, and `row_no`), each with the terms it was
-- charged by, as text for calls.csv. Runs where rating.* is made of the configuration and decks that they were rated
-- with. A rate row is one of the row's table, prefix and band that was in force at charged_at with the same rate; the
-- highest `rate_no` of them is the one. `terms` is "complete" where the row can be rated again from these cells alone.

with candidates as (
    select
        e.row_no,
        r.*,
        r.calling_prefix <> '' or r.jurisdiction <> '' as by_caller,
    from evidence_rows as e
    inner join rating.rate_table_terms as t on e.rate_table_id = t.rate_table_id
    inner join rating.rate_terms as r
        on
            t.table_no = r.table_no
            and e.prefix = r.prefix
            and r.band in ('', coalesce(e.band, ''))
            and e.charged_at >= r.valid_from
            and e.charged_at < r.valid_to
            and r.rate_per_minute is not distinct from e.rate_per_minute
    where e.kind in ('calls', 'termination')
),

chosen as (
    select
        row_no,
        max_by(candidates, rate_no) as rate,
        bool_or(by_caller)
        and count(distinct (
            initial_extra_u, connect_u, fixed_u, increment_charge_u, initial_ms, increment_ms, grace_ms, free_ms, min_u, max_u
        )) > 1
            as is_ambiguous,
    from candidates
    group by row_no
),

priced as (
    select
        e.row_no,
        max_by(
            struct_pack(decimals := s.amount_decimals, rounding := s.amount_rounding, line := s.line),
            (s.account_id is not null, coalesce(s.valid_from, timestamp '0001-01-01'), s.line)
        ) as price,
    from evidence_rows as e
    inner join staging.stg_service_rates as s
        on
            e.service = s.service
            and e.unit_price = s.unit_price
            and (s.account_id is null or s.account_id = $account)
            and (s.valid_from is null or e.charged_at >= s.valid_from)
            and (s.valid_to is null or e.charged_at < s.valid_to)
    where e.kind = 'usage'
    group by e.row_no
),

joined as (
    select
        e.*,
        t.kind as rate_kind,
        t.increment_from,
        t.seconds_rounding,
        coalesce(t.amount_decimals, p.price.decimals) as amount_decimals,
        coalesce(t.amount_rounding, p.price.rounding) as amount_rounding,
        coalesce(c.rate.grace_ms, t.grace_ms) as grace_ms,
        coalesce(c.rate.free_ms, t.free_ms) as free_ms,
        t.attempt_u,
        nullif(coalesce(c.rate.min_u, t.min_u), 0) as min_u,
        nullif(coalesce(c.rate.max_u, t.max_u), 99999999999900000000) as max_u,
        c.rate,
        c.rate.connect_u as connect_u,
        case when t.kind = 'block' then c.rate.fixed_u - c.rate.connect_u end as initial_charge_u,
        case when t.kind = 'block' then c.rate.increment_charge_u end as increment_charge_u,
        case when c.rate.initial_extra_u <> 0 then c.rate.rate_u + c.rate.initial_extra_u end as initial_rate_u,
        case when t.kind in ('per_minute', 'block') then c.rate.initial_ms end as initial_ms,
        case
            when t.kind not in ('per_minute', 'block') then null
            when c.rate.increment_ms = 1 then 0
            else c.rate.increment_ms
        end as increment_ms,
        case
            when p.price is not null then 'service_rates.csv line ' || p.price.line
            when c.rate is null then null
            when d.deck is null then 'rates.csv line ' || c.rate.line
            else 'deck ' || d.deck || ' (' || d.name || ' of ' || d.source || ') line ' || c.rate.line
        end as rate_origin,
        f.rate_u as fx_u,
        case
            when e.kind = 'usage' and p.price is not null then 'complete'
            when e.kind = 'subscription' then 'a subscription'
            when e.kind = 'usage' then 'its price is not found'
            when t.kind is null then 'its rate table is not found'
            when t.kind = 'given' then 'what the carrier says it charged'
            when t.kind = 'markup' then 'a markup on what the carrier charges'
            when e.covered_s > 0 then 'an allowance covers seconds of it'
            when t.splits and not coalesce(
                list_bool_or([
                    run.starts_us <= epoch_us(e.charged_at)
                    and run.ends_us >= epoch_us(e.charged_at) + (e.billed_s * 1000000)::BIGINT
                    for run in b.runs
                ]),
                false
            ) then 'cut at the edges of bands'
            when c.rate is null then 'its rate is not found'
            when c.is_ambiguous then 'its rate depends on the caller'
            else 'complete'
        end as terms,
    from evidence_rows as e
    left join rating.rate_table_terms as t on e.rate_table_id = t.rate_table_id
    left join rating.band_runs as b on t.table_no = b.table_no and e.day = b.day
    left join chosen as c on e.row_no = c.row_no
    left join priced as p on e.row_no = p.row_no
    left join ops.decks as d on c.rate.deck = d.deck
    left join rating.fx_days as f on e.day = f.day and e.currency = f.from_currency and f.to_currency = $currency
)

select
    row_no,
    columns([
        'line', 'kind', 'source', 'call_id', 'attempt', 'day', 'charged_at', 'calling_number', 'called_number',
        'service', 'destination', 'rate_table_id', 'rate_kind', 'prefix', 'band', 'rate_per_minute', 'increment_from',
        'seconds_rounding', 'amount_decimals', 'amount_rounding', 'rate_origin', 'quantity', 'unit_price', 'duration_s',
        'billed_s', 'amount', 'currency', 'covered_s', 'covered_amount', 'account_amount', 'terms'
    ])::VARCHAR,
    (initial_ms::DECIMAL(12, 0) * 0.001::DECIMAL(3, 3))::DECIMAL(12, 3)::VARCHAR as initial_s,
    (increment_ms::DECIMAL(12, 0) * 0.001::DECIMAL(3, 3))::DECIMAL(12, 3)::VARCHAR as increment_s,
    (grace_ms::DECIMAL(12, 0) * 0.001::DECIMAL(3, 3))::DECIMAL(12, 3)::VARCHAR as grace_s,
    (free_ms::DECIMAL(12, 0) * 0.001::DECIMAL(3, 3))::DECIMAL(12, 3)::VARCHAR as free_s,
    (initial_rate_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as initial_rate_per_minute,
    (initial_charge_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as initial_charge,
    (increment_charge_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as increment_charge,
    (connect_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as connect_charge,
    (attempt_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as attempt_charge,
    (min_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as min_charge,
    (max_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as max_charge,
    (fx_u::DECIMAL(20, 0) * 0.00000001::DECIMAL(8, 8))::DECIMAL(20, 8)::VARCHAR as fx_rate,
from joined
