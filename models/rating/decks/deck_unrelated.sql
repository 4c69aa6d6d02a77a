-- Rate tables of which no price of the reviewed deck is, or lies below or above, one that there was before: prefixes of
-- another numbering. Of a partial deck, which may well add countries, only where a table that is of one country has
-- more than half of them behind its country code.

with there as materialized (
    select distinct
        rate_table_id,
        prefix,
        regexp_extract(
            prefix,
            '^(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})'
        ) as country,
    from {{ ref('deck_prices') }}
    where valid_to_before is not null
),

deck as materialized (
    select
        rate_table_id,
        prefix,
        count(*) as prices,
    from {{ ref('stg_reviewed_rates') }}
    where not copies
    group by rate_table_id, prefix
),

of_one_country as (
    select
        rate_table_id,
        any_value(country) as country,
    from there
    group by rate_table_id
    having count(distinct country) = 1 and min(country) <> ''
),

-- each prefix of the deck as it is written, and behind the country code of a table that is of one country
written as materialized (
    select
        rate_table_id,
        prefix,
        '' as country,
    from deck

    union all

    select
        d.rate_table_id,
        d.prefix,
        t.country,
    from deck as d
    inner join of_one_country as t on d.rate_table_id = t.rate_table_id
),

-- what each is, and lies below
above as materialized (
    select
        *,
        left(country || prefix, unnest(range(length(country) + length(prefix) + 1))) as beginning,
    from written
),

-- what each price of before is, and lies below
beginnings as materialized (
    select distinct
        rate_table_id,
        left(prefix, unnest(range(length(prefix) + 1))) as beginning,
    from there
),

relatives as (
    select
        a.rate_table_id,
        a.prefix,
        a.country,
    from above as a
    inner join there as t on a.rate_table_id = t.rate_table_id and a.beginning = t.prefix
    -- all that is behind a country code lies below its own price
    where a.country = '' or t.prefix <> a.country

    union

    select
        w.rate_table_id,
        w.prefix,
        w.country,
    from written as w
    inner join beginnings as t on w.rate_table_id = t.rate_table_id and w.country || w.prefix = t.beginning
)

select
    d.rate_table_id,
    sum(d.prices)::BIGINT as prices,
from deck as d
left join relatives as own on d.rate_table_id = own.rate_table_id and d.prefix = own.prefix and own.country = ''
left join relatives as behind
    on d.rate_table_id = behind.rate_table_id and d.prefix = behind.prefix and behind.country <> ''
where d.rate_table_id in (select rate_table_id from there)
group by d.rate_table_id
having
    count(own.prefix) = 0
    and ((select replaces_all from {{ ref('stg_reviewed_deck') }}) or 2 * count(behind.prefix) > count(*))
