-- Every price there was, is or will be: one row for each stretch of time in which a price is the one in force
-- for its prefix, band and origin. Later decks end older prices, later rows of the same key hide them.

with prices as (
    {{ rates_with_ends() | indent(4) }}
),

keyed as (
    select
        *,
        dense_rank() over (order by rate_table_id, prefix, band, calling_prefix, jurisdiction) as key_no,
        -- of two prices in force the one with the higher number counts
        row_number() over (order by valid_from, deck, line) as price_no,
    from prices
    where valid_from < valid_to
),

edges as (
    select key_no, valid_from as edge from keyed
    union
    select key_no, valid_to from keyed
),

spans as (
    select
        key_no,
        edge as starts,
        lead(edge) over (partition by key_no order by edge) as ends,
    from edges
    qualify ends is not null
),

in_force as (
    select
        s.starts,
        s.ends,
        r.*,
    from spans as s
    inner join keyed as r on s.key_no = r.key_no and s.starts >= r.valid_from and s.starts < r.valid_to
    qualify row_number() over (partition by s.key_no, s.starts order by r.price_no desc) = 1
),

-- a price that goes on over an edge is one stretch
began as (
    select
        *,
        coalesce(
            lag(price_no) over (partition by key_no order by starts) <> price_no
            or lag(ends) over (partition by key_no order by starts) <> starts,
            true
        ) as begins,
    from in_force
),

stretches as (
    select
        *,
        sum(begins::INTEGER) over (partition by key_no order by starts) as stretch,
    from began
),

versions as (
    select
        * exclude (starts, ends, valid_from, valid_to, begins),
        min(starts) as valid_from,
        max(ends) as valid_to,
    from stretches
    group by all
),

compared as (
    select
        *,
        lag(rate_per_minute) over (partition by key_no order by valid_from) as previous_rate_per_minute,
    from versions
)

select
    r.rate_table_id,
    r.prefix,
    r.band,
    r.calling_prefix,
    r.jurisdiction,
    r.destination,
    nullif(r.valid_from, timestamp '0001-01-01') as valid_from,
    nullif(r.valid_to, timestamp '9999-12-31') as valid_to,
    t.currency,
    r.rate_per_minute,
    r.initial_rate_per_minute,
    coalesce(r.initial_s, t.initial_s)::DECIMAL(12, 3) as initial_s,
    coalesce(r.increment_s, t.increment_s)::DECIMAL(12, 3) as increment_s,
    r.initial_charge,
    r.increment_charge,
    coalesce(r.connect_charge, t.connect_charge)::DECIMAL(20, 8) as connect_charge,
    r.markup_pct,
    nullif(coalesce(r.min_charge, t.min_charge), 0)::DECIMAL(20, 8) as min_charge,
    case when r.max_charge is null then t.max_charge else nullif(r.max_charge, 0) end::DECIMAL(20, 8) as max_charge,
    coalesce(r.grace_s, t.grace_s)::DECIMAL(12, 3) as grace_s,
    coalesce(r.free_s, t.free_s)::DECIMAL(12, 3) as free_s,
    r.blocked,
    r.previous_rate_per_minute,
    {{ change_pct('r.previous_rate_per_minute', 'r.rate_per_minute') }} as change_pct,
    r.deck,
    d.source,
    coalesce(d.name, 'rates.csv') as file_name,
    r.line,
    d.accepted_at,
    d.operator,
from compared as r
inner join {{ ref('stg_rate_tables') }} as t on r.rate_table_id = t.rate_table_id
left join {{ ref('stg_decks') }} as d on r.deck = d.deck
