-- The terms that each row behind a document was charged by. `terms` is "complete" where the row can be rated again from
-- what evidence_cells says of it alone; else why not.

select
    e.row_no,
    t.kind as rate_kind,
    t.increment_from,
    t.seconds_rounding,
    coalesce(t.amount_decimals, p.price.decimals) as amount_decimals,
    coalesce(t.amount_rounding, p.price.rounding) as amount_rounding,
    coalesce(r.grace_ms, t.grace_ms) as grace_ms,
    coalesce(r.free_ms, t.free_ms) as free_ms,
    t.attempt_u,
    nullif(coalesce(r.min_u, t.min_u), 0) as min_u,
    nullif(coalesce(r.max_u, t.max_u), {{ to_units(no_max_charge() ~ '::HUGEINT') }}) as max_u,
    r.connect_u,
    case when t.kind = 'block' then r.fixed_u - r.connect_u end as initial_charge_u,
    case when t.kind = 'block' then r.increment_charge_u end as increment_charge_u,
    case when r.initial_extra_u <> 0 then r.rate_u + r.initial_extra_u end as initial_rate_u,
    case when t.kind in ('per_minute', 'block') then r.initial_ms end as initial_ms,
    case
        when t.kind not in ('per_minute', 'block') then null
        -- no pulse is one of 1 ms
        when r.increment_ms = 1 then 0
        else r.increment_ms
    end as increment_ms,
    coalesce('service_rates.csv line ' || p.price.line, o.origin) as rate_origin,
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
                run['starts_us'] <= epoch_us(e.charged_at) -- noqa: RF02
                and run['ends_us'] >= epoch_us(e.charged_at) + {{ to_ms('e.billed_s') }} * 1000 -- noqa: RF02
                for run in b.runs
            ]),
            false
        ) then 'cut at the edges of bands'
        when r.rate_no is null then 'its rate is not found'
        when c.is_ambiguous then 'its rate depends on the caller'
        else 'complete'
    end as terms,
from {{ ref('stg_evidence_rows') }} as e
left join {{ ref('rate_table_terms') }} as t on e.rate_table_id = t.rate_table_id
left join {{ ref('band_runs') }} as b on t.table_no = b.table_no and e.day = b.day
left join {{ ref('evidence_rates') }} as c on e.row_no = c.row_no
left join {{ ref('rate_terms') }} as r on c.rate_no = r.rate_no
left join {{ ref('rate_origins') }} as o on c.rate_no = o.rate_no
left join {{ ref('evidence_prices') }} as p on e.row_no = p.row_no
left join {{ ref('fx_days') }} as f
    on e.day = f.day and e.currency = f.from_currency and e.account_currency = f.to_currency
