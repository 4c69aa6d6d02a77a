-- Days that asked for something that has another answer now.
insert into outdated_by
select distinct a.day, a.file, a."row", a.sign
from asked as a
inner join marts.rated_calls as c
    on
        a.day = c.day
        and a.key = case a."row" ->> 'direction' when 'ingress' then c.ingress_trunk else c.egress_trunk end
        and c.charged_at >= a.since
        and c.charged_at < a.until
        and c.file_sequence > a.lo
        and c.file_sequence <= a.hi
where a.file = 'trunks';

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
    a.file in ('rate_tables', 'accounts')
    or (a.file = 'rate_assignments' and a."row" ->> 'side' = l.side)
    or (
        a.file = 'consumption_profiles'
        and l.side = 'sell'
        and l.answered
        and l.status = 'rated'
        and l.billed_s > 0
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

-- usage and subscriptions: a price matters unless an unchanged one goes before it
insert into outdated_by
select distinct a.day, a.file, a."row", a.sign
from asked as a
inner join marts.rated_usage as u on a.day = u.day and u.file_sequence > a.lo and u.file_sequence <= a.hi
cross join config.company as company
where
    u.occurred_at >= a.since
    and u.occurred_at < a.until
    and case a.file
        when 'accounts' then u.account_id = a.key
        when 'fx_rates'
            then
                u.currency = a."row" ->> 'from_currency'
                and a."row" ->> 'to_currency' in (u.account_currency, company.reporting_currency)
        when 'service_rates'
            then
                u.service = a.key
                and coalesce(a."row" ->> 'account_id', u.account_id) = u.account_id
                and (
                    a."row" ->> 'account_id' is not null
                    or not exists (
                        select 1
                        from config.service_rates as own
                        where
                            own.service = u.service
                            and own.account_id = u.account_id
                            and coalesce(own.valid_from <= u.occurred_at, true)
                            and coalesce(own.valid_to > u.occurred_at, true)
                            and own.account_id || ' ' || own.service not in (
                                select concat_ws(' ', n."row" ->> 'account_id', n."row" ->> 'service')
                                from asked as n
                                where n.file = 'service_rates' and n.day = a.day and n."row" ->> 'account_id' is not null
                            )
                    )
                )
        else false
    end;

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
