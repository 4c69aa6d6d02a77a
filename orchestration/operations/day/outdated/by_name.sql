-- Days that asked for something that has another answer now.
insert into outdated_by
select distinct a.day, a.file, a."row", a.sign
from asked as a
inner join marts.rated_calls as c
    on
        a.day = c.day
        and a.key = case a.what when 'ingress' then c.ingress_trunk else c.egress_trunk end
        and c.charged_at >= a.since
        and c.charged_at < a.until
        and c.file_sequence > a.lo
        and c.file_sequence <= a.hi
where a.what in ('ingress', 'egress');

insert into outdated_by
select distinct a.day, a.file, a."row", a.sign
from asked as a
inner join legs as l
    on
        a.day = l.day
        and a.key = case when a.file = 'rate_tables' then l.rate_table_id else l.account_id end
        and l.charged_at >= a.since
        and l.charged_at < a.until
        and l.file_sequence > a.lo
        and l.file_sequence <= a.hi
where
    a.what = 'table'
    or a.file = 'accounts'
    or (a.file = 'rate_assignments' and a."row" ->> 'side' = l.side)
    or (
        a.file = 'consumption_profiles'
        and l.side = 'sell'
        and l.answered
        and l.status = 'rated'
        -- what the allowance is of: seconds are billed, or an amount is due, with or without some
        and case a."row" ->> 'rule'
            when 'duration' then l.billed_s > 0
            else l.account_amount > 0 or l.covered_amount > 0
        end
        and (
            json_array_length(a."row" -> 'prefixes') = 0
            or len(list_filter(
                (a."row" -> 'prefixes')::VARCHAR[],
                lambda p: starts_with(l.number, p)
                or len(list_filter(l.international_prefixes, lambda i: starts_with(l.number, i || p))) > 0
                -- of a national number the country code is not written, and something else may stand in its place
                or starts_with(l.country_code, p)
                or (
                    starts_with(p, l.country_code)
                    and (
                        starts_with(l.number, substr(p, length(l.country_code) + 1))
                        or starts_with(l.number, l.national_prefix || substr(p, length(l.country_code) + 1))
                    )
                )
            )) > 0
        )
    );

insert into outdated_by
select distinct a.day, a.file, a."row", a.sign
from asked as a
inner join legs as l
    on a.day = l.day and l.charged_at >= a.since and l.charged_at < a.until and l.file_sequence > a.lo
        and l.file_sequence <= a.hi
left join config.accounts as k on l.account_id = k.account_id
left join config.rate_tables as s on l.sell_rate_table_id = s.rate_table_id
cross join config.company as company
where
    a.file = 'fx_rates'
    and (
        (
            l.currency = a."row" ->> 'from_currency'
            and (
                a."row" ->> 'to_currency' in (k.currency, company.reporting_currency)
                or (l.side = 'buy' and s.kind = 'markup' and a."row" ->> 'to_currency' = s.currency)
            )
        )
        -- what a cost profile leaves is converted from the account's currency
        or (
            l.covered_amount > 0
            and k.currency = a."row" ->> 'from_currency'
            and company.reporting_currency = a."row" ->> 'to_currency'
        )
    );

insert into outdated_by
select distinct a.day, a.file, a."row", a.sign
from asked as a
inner join ops.day_keys as k on a.day = k.day and k.what = 'account'
where a.file = 'company';

-- usage and subscriptions
insert into outdated_by
select distinct a.day, a.file, a."row", a.sign
from asked as a
inner join marts.rated_usage as u
    on a.day = u.day and u.occurred_at >= a.since and u.occurred_at < a.until and u.file_sequence > a.lo
        and u.file_sequence <= a.hi
cross join config.company as company
where
    (a.file = 'accounts' and u.account_id = a.key)
    or (
        a.file = 'fx_rates'
        and u.currency = a."row" ->> 'from_currency'
        and a."row" ->> 'to_currency' in (u.account_currency, company.reporting_currency)
    );

-- the price of each, where it is another one now: the changed rows among the two
insert into outdated_by
with priced as (
    select distinct
        c.day,
        c.config,
        u.service,
        u.account_id,
        -- a month's charge has the price of its first day, by the calendar of the account
        case
            when u.kind = 'subscription'
                then (u.occurred_at at time zone 'UTC' at time zone coalesce(k.timezone, 'UTC'))::DATE::TIMESTAMP
            else u.occurred_at
        end as priced_at,
    from marts.rated_usage as u
    inner join closed_under as c on u.day = c.day and u.file_sequence > c.lo and u.file_sequence <= c.hi
    left join config.accounts as k on u.account_id = k.account_id
    where (c.config, u.service) in (select (config, "row" ->> 'service') from changed where file = 'service_rates')
),

prices as (
    select p.*, s."row", s.tie, true as is_now, n."row" is null as was_then
    from priced as p
    inner join service_prices as s
        on p.service = s."row" ->> 'service' and p.priced_at >= s.since and p.priced_at < s.until
    left join changed as n
        on
            n.file = 'service_rates' and n.sign = 1 and p.config = n.config and s."row" = n."row" and s.tie = n.tie
            and p.priced_at >= n.since and p.priced_at < n.until

    union all

    select p.*, n."row", n.tie, false as is_now, true as was_then
    from priced as p
    inner join changed as n
        on
            n.file = 'service_rates' and n.sign = -1 and p.config = n.config and p.service = n."row" ->> 'service'
            and p.priced_at >= n.since and p.priced_at < n.until
),

ranked as (
    select
        *,
        row(
            "row" ->> 'account_id' is not null,
            regexp_extract(tie, '(.*) [0-9]+$', 1),
            regexp_extract(tie, '[0-9]+$')::INTEGER
        ) as rank,
    from prices
    where coalesce("row" ->> 'account_id', account_id) = account_id
),

chosen as (
    select
        day,
        max_by(struct_pack("row", is_kept := was_then), rank) filter (is_now) as now,
        max_by(struct_pack("row", is_kept := is_now), rank) filter (was_then) as before,
    from ranked
    group by day, config, service, account_id, priced_at
)

select distinct day, 'service_rates' as file, now."row" as "row", 1 as sign
from chosen
where now."row" is distinct from before."row" and not now.is_kept

union all

select distinct day, 'service_rates' as file, before."row" as "row", -1 as sign
from chosen
where now."row" is distinct from before."row" and not before.is_kept;

-- what subscriptions would charge on the day, and what they did
insert into outdated_by
with charged as (
    select day, usage_id as charge_id, account_id, service, quantity, days, of_days, occurred_at
    from marts.rated_usage
    where kind = 'subscription' and day in (select day from closed_under)
),

due as (
    select day, charge_id, account_id, service, quantity, days, of_days, charged_at as occurred_at
    from rating.subscription_charges
    where day in (select day from closed_under)
),

differing as (
    select *, -1 as sign from (from charged except from due)
    union all
    select *, 1 from (from due except from charged)
)

select
    day,
    'subscriptions' as file,
    to_json({
        'subscription_id': charge_id, 'account_id': account_id, 'service': service, 'quantity': quantity,
        'days': days, 'of_days': of_days
    })::VARCHAR as "row",
    sign,
from differing;
