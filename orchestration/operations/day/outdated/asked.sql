-- Temp table asked: the changed rows, but for prices, that could matter to a day; temp view legs.
-- The names that a day's legs, usage and charges asked the configuration for, once for each closing.
delete from ops.day_keys
where (day, ordinal) not in (select (day, max(ordinal)) from ops.closings group by day);

create or replace temp table keyless as
select distinct day, last_ordinal as ordinal
from closed_under
where day not in (select day from ops.day_keys);

insert into ops.day_keys
with calls as (
    select distinct
        day,
        source,
        ingress_trunk,
        egress_trunk,
        customer_id,
        sell_account_id,
        buy_account_id,
        sell_rate_table_id,
        buy_rate_table_id,
    from marts.rated_calls
    where day in (select day from keyless)
),

usage as (
    select distinct day, account_id
    from marts.rated_usage
    where day in (select day from keyless)
),

keys as (
    select day, 'source' as what, source as key from calls
    union
    select day, 'ingress', ingress_trunk from calls
    union
    select day, 'egress', egress_trunk from calls
    union
    select day, 'account', unnest([customer_id, sell_account_id, buy_account_id]) from calls
    union
    select day, 'table', unnest([sell_rate_table_id, buy_rate_table_id]) from calls
    union
    select day, 'account', account_id from usage
    union
    -- a day on which nothing was asked was looked at, too
    select day, 'day', '' from keyless
)

select k.day, d.ordinal, k.what, k.key
from keys as k
inner join keyless as d on k.day = d.day
where k.key is not null;

create or replace temp table asked as
with named as (
    select
        *,
        case file
            when 'trunks' then "row" ->> 'direction'
            when 'rate_assignments' then 'account'
            when 'accounts' then 'account'
            when 'consumption_profiles' then 'account'
            when 'rate_tables' then 'table'
            when 'sources' then 'source'
        end as what,
        case file
            when 'trunks' then "row" ->> 'trunk_id'
            when 'rate_assignments' then "row" ->> 'account_id'
            when 'accounts' then "row" ->> 'account_id'
            when 'consumption_profiles' then "row" ->> 'account_id'
            when 'rate_tables' then "row" ->> 'rate_table_id'
            when 'sources' then "row" ->> 'source'
        end as key,
    from changed
    where file not in ('rates', 'service_rates')

    union all

    -- who has no account because it has ended is known by the trunk alone
    select
        c.* replace (greatest(c.since, t.valid_from) as since, least(c.until, t.valid_to) as until),
        t.direction as what,
        t.trunk_id as key,
    from changed as c
    inner join config.trunks as t on c."row" ->> 'account_id' = t.account_id
    where c.file = 'accounts'
)

select
    u.day,
    u.lo,
    u.hi,
    n.file,
    n."row",
    n.sign,
    n.what,
    n.key,
    n.since,
    n.until,
from closed_under as u
inner join named as n on u.config = n.config and n.since < u.day + interval 1 day and n.until > u.day
left join ops.day_keys as k on u.day = k.day and n.what = k.what and n.key = k.key
where n.what is null or k.day is not null;

create or replace temp view legs as
with calls as (
    select
        r.*,
        -- as digits
        regexp_replace(r.called_number, '[^0-9]', '', 'g') as called,
        regexp_replace(r.calling_number, '[^0-9]', '', 'g') as calling,
        regexp_replace(r.routing_number, '[^0-9]', '', 'g') as routing,
        -- how the source writes them
        s.international_prefixes,
        s.country_code,
        coalesce(s.national_prefix, n.national_prefix, '') as national_prefix,
    from marts.rated_calls as r
    left join config.sources as s on r.source = s.source and s.kind = 'cdrs'
    left join rating.national_prefixes as n on s.country_code = n.country_code
    where r.day in (select day from closed_under)
),

sides as (
    select
        *,
        'sell' as side,
        sell_status as status,
        sell_reason as reason,
        sell_account_id as account_id,
        sell_rate_table_id as rate_table_id,
        sell_prefix as shown_prefix,
        sell_billed_s as billed_s,
        sell_account_amount as account_amount,
        sell_covered_amount as covered_amount,
    from calls

    union all

    select
        *,
        'buy' as side,
        buy_status as status,
        buy_reason as reason,
        buy_account_id as account_id,
        buy_rate_table_id as rate_table_id,
        buy_prefix as shown_prefix,
        buy_billed_s as billed_s,
        buy_account_amount as account_amount,
        buy_covered_amount as covered_amount,
    from calls
)

select
    s.day,
    s.source,
    s.call_id,
    s.attempt,
    s.charged_at,
    s.file_sequence,
    s.answered,
    concat_ws(' ', s.called, s.calling, s.routing) as numbers,
    case t.number_basis
        when 'calling' then s.calling
        when 'routing' then coalesce(s.routing, s.called)
        else s.called
    end as number,
    s.international_prefixes,
    s.country_code,
    s.national_prefix,
    s.side,
    s.status,
    s.account_id,
    s.rate_table_id,
    -- a markup shows its buy leg's prefix where it has none of its own
    case when t.kind = 'markup' then '' else coalesce(s.shown_prefix, '') end as prefix,
    s.billed_s,
    s.account_amount,
    s.covered_amount,
    t.currency,
    s.sell_rate_table_id,
from sides as s
left join config.rate_tables as t on s.rate_table_id = t.rate_table_id
where s.status <> 'none' or s.reason is not null;
