-- What a deck would change: from `deck_rows` (read and checked), `deck_told` (one row: number, effective_at,
-- replaces_all, now, limit_rate) and what the warehouse holds, temp tables:
--   review        one row for each price that is in the deck or that it ends, with its class and what is suspicious
--   prices_after  the prices of the deck's tables as they will be, each with its end (models/marts/rates has the rule)
-- Which older price ends when is said once, in the macro rates_with_ends.

{#- what a row charges by, with what it inherits: prices are compared in this form -#}
{% macro terms(r) -%}
    struct_pack(
        kind := t.kind,
        rate := case t.kind
            when 'per_minute' then {{ r }}.rate_per_minute
            when 'markup' then coalesce({{ r }}.markup_pct, t.markup_pct, 0)
        end,
        first_rate := case
            when t.kind = 'per_minute' then coalesce({{ r }}.initial_rate_per_minute, {{ r }}.rate_per_minute)
        end,
        initial_s := coalesce({{ r }}.initial_s, t.initial_s, 60),
        increment_s := coalesce({{ r }}.increment_s, t.increment_s, 60),
        initial_charge := case when t.kind = 'block' then coalesce({{ r }}.initial_charge, 0) end,
        increment_charge := case when t.kind = 'block' then coalesce({{ r }}.increment_charge, 0) end,
        connect_charge := coalesce({{ r }}.connect_charge, t.connect_charge, 0),
        least := coalesce({{ r }}.min_charge, t.min_charge, 0),
        highest := case
            when {{ r }}.max_charge is null then coalesce(t.max_charge, {{ no_max_charge() }})
            else coalesce(nullif({{ r }}.max_charge, 0), {{ no_max_charge() }})
        end,
        grace_s := coalesce({{ r }}.grace_s, t.grace_s, 0),
        free_s := coalesce({{ r }}.free_s, t.free_s, 0),
        blocked := {{ r }}.blocked
    )
{%- endmacro %}

create or replace temp macro deck_short(amount) as
    regexp_replace(amount::VARCHAR, '[.]0+$|([.][0-9]*[1-9])0+$', '\1');

-- `0.05 60/60 +0.01 min 0.02 max 5 grace 3 free 10`: the price and the increments, then what there is of the rest
create or replace temp macro deck_words(t) as case when t is not null then concat_ws(
    ' ',
    case when t['blocked'] then 'blocked' end,
    case
        when t['kind'] = 'block'
            then deck_short(t['initial_charge']) || ' then ' || deck_short(t['increment_charge'])
        else deck_short(t['rate']) || case when t['kind'] = 'markup' then '%' else '' end
    end,
    case when t['first_rate'] <> t['rate'] then '(first ' || deck_short(t['first_rate']) || ')' end,
    case when t['kind'] in ('per_minute', 'block')
        then deck_short(t['initial_s']) || '/' || deck_short(t['increment_s'])
    end,
    case when t['connect_charge'] > 0 then '+' || deck_short(t['connect_charge']) end,
    case when t['least'] > 0 then 'min ' || deck_short(t['least']) end,
    case when t['highest'] < {{ no_max_charge() }} then 'max ' || deck_short(t['highest']) end,
    case when t['grace_s'] > 0 then 'grace ' || deck_short(t['grace_s']) end,
    case when t['free_s'] > 0 then 'free ' || deck_short(t['free_s']) end
) end;

-- what is compared as the price: the rate per minute, a block's further charge, a markup
create or replace temp macro deck_price(t) as coalesce(t['rate'], t['increment_charge']);

create or replace temp macro deck_units(amount) as (amount::DECIMAL(28, 8) * 100000000)::HUGEINT * 60000;

create or replace temp macro deck_ms(seconds) as (seconds * 1000)::HUGEINT;

-- how many increments are begun
create or replace temp macro deck_steps(seconds, increment_s) as
    case
        when seconds > 0 and increment_s > 0
            then (deck_ms(seconds) + deck_ms(increment_s) - 1) // deck_ms(increment_s)
        else 0
    end;

-- what an answered minute costs, in 1/60000 of 1e-8, by the increments, charges, seconds and bounds; of a markup, whose
-- minute hangs on the carrier's, the least amount where there is one
create or replace temp macro deck_minute(t) as case
    when t['blocked'] then null
    when t['kind'] not in ('per_minute', 'block') then nullif(deck_units(t['least']), 0)
    when t['grace_s'] >= 60 then 0::HUGEINT
    else least(
        deck_units(t['highest']),
        greatest(
            deck_units(t['least']),
            deck_units(case when t['kind'] = 'per_minute' then t['connect_charge'] else 0 end)
            + case
                when t['kind'] = 'block'
                    then
                        deck_units(t['initial_charge'])
                        + deck_units(t['increment_charge']) * deck_steps(60 - t['initial_s'], t['increment_s'])
                when t['free_s'] >= 60 then 0::HUGEINT
                else
                    deck_units(t['first_rate']) // 60000 * deck_ms(t['initial_s'])
                    + deck_units(t['rate']) // 60000 * case
                        -- no pulse: what is left as it is
                        when t['increment_s'] = 0 then greatest(deck_ms(60 - t['free_s'] - t['initial_s']), 0)
                        else
                            deck_ms(t['increment_s'])
                            * deck_steps(60 - t['free_s'] - t['initial_s'], t['increment_s'])
                    end
            end
        )
    )
end;

create or replace temp view deck_stg_rates as
select
    * exclude (calling_prefix, jurisdiction, blocked),
    coalesce(calling_prefix, '') as calling_prefix,
    coalesce(jurisdiction, '') as jurisdiction,
    coalesce(blocked, false) as blocked,
from config.rates
where rate_table_id in (select rate_table_id from deck_rows);

create or replace temp view deck_stg_deck_rates as
select * from landed.rates
where rate_table_id in (select rate_table_id from deck_rows);

create or replace temp view deck_stg_deck_tables as
select * from ops.deck_tables;

-- decks that were replaced before anything of this one begins are left out; one second, for "just before"
create or replace temp table prices_before as
with prices as (
    {{ rates_with_ends("(select least(effective_at, (select min(valid_from) from deck_rows))"
        " - interval 1 second from deck_told)") }}
)

select * from prices where valid_from <= valid_to;

create or replace temp view deck_stg_deck_rates as
select * from landed.rates
where rate_table_id in (select rate_table_id from deck_rows)

union all by name

select
    (select number from deck_told) as deck,
    r.* exclude (copies, currency),
from deck_rows as r
where not r.copies;

create or replace temp view deck_stg_deck_tables as
select * from ops.deck_tables

union all by name

select
    (select number from deck_told) as deck,
    rate_table_id,
    (select replaces_all from deck_told) as replaces_all,
    (select effective_at from deck_told) as effective_at,
    greatest((select effective_at from deck_told), max(first_from)) as settled_at,
from (
    select rate_table_id, prefix, min(valid_from) as first_from
    from deck_rows
    group by rate_table_id, prefix
)
group by rate_table_id;

create or replace temp table prices_after as
{{ rates_with_ends("(select least(effective_at, (select min(valid_from) from deck_rows))"
    " - interval 1 second from deck_told)") }};

create or replace temp table deck_prices as
select
    row_number() over () as id,
    r.deck,
    r.line,
    r.rate_table_id,
    r.prefix,
    r.band,
    r.calling_prefix,
    r.jurisdiction,
    r.destination,
    r.valid_from,
    r.valid_to,
    r.deck = (select number from deck_told) as is_new,
    {{ terms('r') }} as terms,
from (
    select * from prices_before
    union all by name
    select * from prices_after
    where deck = (select number from deck_told)
) as r
inner join config.rate_tables as t on r.rate_table_id = t.rate_table_id;

-- each price of the deck beside the one in force when it begins, or until it begins; a line before in the same
-- deck counts more than what was there
create or replace temp table deck_compared as
with found as (
    select
        n.id,
        max_by(o.terms, (o.is_new, o.valid_to > n.valid_from, o.valid_from, o.deck, o.line)) as old,
    from deck_prices as n
    inner join deck_prices as o
        on
            n.rate_table_id = o.rate_table_id
            and n.prefix = o.prefix
            and n.band = o.band
            and n.calling_prefix = o.calling_prefix
            and n.jurisdiction = o.jurisdiction
            and o.valid_from <= n.valid_from
            and o.valid_to >= n.valid_from
            and (not o.is_new or o.valid_from < n.valid_from)
    where n.is_new
    group by n.id
)

select n.* exclude (is_new, deck), f.old
from deck_prices as n
left join found as f on n.id = f.id
where n.is_new;

-- older prices that the deck ends, each with when: the one in force then, and later ones that never come
create or replace temp table deck_ended as
with shortened as (
    select
        b.*,
        a.valid_to as ends_at,
    from prices_before as b
    inner join prices_after as a
        on
            b.deck = a.deck
            and b.line = a.line
            and b.rate_table_id = a.rate_table_id
            and b.prefix = a.prefix
            and b.band = a.band
            and b.calling_prefix = a.calling_prefix
            and b.jurisdiction = a.jurisdiction
            and b.valid_from = a.valid_from
    where a.valid_to < b.valid_to
)

select
    row_number() over () as id,
    s.*,
    s.valid_from >= s.ends_at as never_came,
from shortened as s
anti join deck_prices as n
    on
        n.is_new
        and s.rate_table_id = n.rate_table_id
        and s.prefix = n.prefix
        and s.band = n.band
        and s.calling_prefix = n.calling_prefix
        and s.jurisdiction = n.jurisdiction
        and n.valid_from <= greatest(s.ends_at, s.valid_from)
        and n.valid_to > s.ends_at
qualify
    row_number() over (
        partition by
            s.rate_table_id, s.prefix, s.band, s.calling_prefix, s.jurisdiction, s.valid_from >= s.ends_at
        order by s.valid_from desc, s.deck desc, s.line desc
    ) = 1;

-- what the numbers of a new price cost until now, and those of an ended one from then on: by the longest prefix with a
-- price for all of them, or by those of at least its length for some (one band, one origin). Of several the one that
-- the change is greatest from: the lowest before, the highest after.
create or replace temp table deck_fallback as
with wanted as (
    select id, rate_table_id, prefix, band, calling_prefix, jurisdiction, valid_from as changes_at, false as is_after
    from deck_compared
    where old is null

    union all

    select id, rate_table_id, prefix, band, calling_prefix, jurisdiction, ends_at, true
    from deck_ended
    where not never_came
),

prices as (
    select *, false as is_after from prices_before
    union all by name
    select *, true as is_after from prices_after
),

found as (
    select
        w.id,
        w.is_after,
        p.prefix,
        p.band,
        p.calling_prefix,
        p.jurisdiction,
        p.valid_from,
        p.deck,
        p.line,
        {{ terms('p') }} as terms,
        p.band in ('', w.band)
        and p.jurisdiction in ('', w.jurisdiction)
        and starts_with(w.calling_prefix, p.calling_prefix) as is_for_all,
    from wanted as w
    cross join unnest(range(0, length(w.prefix) + 1)) as lengths (n)
    inner join prices as p
        on
            w.rate_table_id = p.rate_table_id
            and left(w.prefix, lengths.n) = p.prefix
            and w.is_after = p.is_after
            and (p.band in ('', w.band) or w.band = '')
            and (p.jurisdiction in ('', w.jurisdiction) or w.jurisdiction = '')
            and (
                starts_with(w.calling_prefix, p.calling_prefix) or starts_with(p.calling_prefix, w.calling_prefix)
            )
            and p.valid_from <= w.changes_at
            and (p.valid_to > w.changes_at or p.valid_to = w.changes_at and not w.is_after)
    inner join config.rate_tables as t on p.rate_table_id = t.rate_table_id
),

-- the last one in force for each band, origin and jurisdiction; of those for all numbers the first that rating takes
taken as (
    select *
    from found
    qualify
        row_number() over (
            partition by
                id,
                is_after,
                is_for_all,
                case when not is_for_all then row(band, calling_prefix, jurisdiction) end
            order by
                length(prefix) desc,
                length(calling_prefix) desc,
                jurisdiction desc,
                band desc,
                valid_from desc,
                deck desc,
                line desc
        ) = 1
),

-- a longer prefix for all of them goes before a shorter one for some
asked as (
    select *
    from taken
    qualify
        is_for_all
        or coalesce(
            length(prefix) >= max(length(prefix)) filter (is_for_all) over (partition by id, is_after), true
        )
)

select
    id,
    is_after,
    case
        when is_after then arg_max(
            struct_pack(prefix := prefix, rate := deck_price(terms)), deck_price(terms)
        ) filter (not terms.blocked)
        else arg_min(struct_pack(prefix := prefix, rate := deck_price(terms)), deck_price(terms))
            filter (not terms.blocked)
    end as price,
    case when is_after then max(deck_minute(terms)) else min(deck_minute(terms)) end as minute,
from asked
group by id, is_after;

create or replace temp table review as
with classed as (
    select
        c.*,
        case
            when old is null then 'new'
            when terms = old then 'unchanged'
            when terms.blocked and not old.blocked then 'blocked'
            when old.blocked or terms.kind <> old.kind then 'changed'
            -- longer blocks for the same charge are cheaper: which way it goes hangs on the call
            when terms.kind = 'block' and (terms.initial_s <> old.initial_s or terms.increment_s <> old.increment_s)
                then 'changed'
            when
                coalesce(terms.rate, 0) >= coalesce(old.rate, 0)
                and coalesce(terms.first_rate, 0) >= coalesce(old.first_rate, 0)
                and terms.initial_s >= old.initial_s
                and terms.increment_s >= old.increment_s
                and coalesce(terms.initial_charge, 0) >= coalesce(old.initial_charge, 0)
                and coalesce(terms.increment_charge, 0) >= coalesce(old.increment_charge, 0)
                and terms.connect_charge >= old.connect_charge
                and terms.least >= old.least
                and terms.highest >= old.highest
                and terms.grace_s <= old.grace_s
                and terms.free_s <= old.free_s
                then 'increased'
            when
                coalesce(terms.rate, 0) <= coalesce(old.rate, 0)
                and coalesce(terms.first_rate, 0) <= coalesce(old.first_rate, 0)
                and terms.initial_s <= old.initial_s
                and terms.increment_s <= old.increment_s
                and coalesce(terms.initial_charge, 0) <= coalesce(old.initial_charge, 0)
                and coalesce(terms.increment_charge, 0) <= coalesce(old.increment_charge, 0)
                and terms.connect_charge <= old.connect_charge
                and terms.least <= old.least
                and terms.highest <= old.highest
                and terms.grace_s >= old.grace_s
                and terms.free_s >= old.free_s
                then 'decreased'
            else 'changed'
        end as class,
    from deck_compared as c
),

rows as (
    select
        c.class,
        c.rate_table_id,
        c.prefix,
        c.band,
        c.calling_prefix,
        c.jurisdiction,
        c.destination,
        c.valid_from as changes_at,
        c.line,
        c.old,
        c.terms as new,
        f.price.prefix as other_prefix,
        f.price.rate as other_rate,
        coalesce(deck_price(c.old), f.price.rate) as old_price,
        deck_price(c.terms) as new_price,
        case when c.old is null then f.minute else deck_minute(c.old) end as old_minute,
        deck_minute(c.terms) as new_minute,
    from classed as c
    left join deck_fallback as f
        on not f.is_after and c.id = f.id

    union all by name

    select
        case when e.never_came then 'cancelled' else 'ended' end as class,
        e.rate_table_id,
        e.prefix,
        e.band,
        e.calling_prefix,
        e.jurisdiction,
        e.destination,
        case when e.never_came then e.valid_from else e.ends_at end as changes_at,
        {{ terms('e') }} as old,
        f.price.prefix as other_prefix,
        f.price.rate as other_rate,
        deck_price({{ terms('e') }}) as old_price,
        deck_minute({{ terms('e') }}) as old_minute,
        f.minute as new_minute,
    from deck_ended as e
    inner join config.rate_tables as t on e.rate_table_id = t.rate_table_id
    left join deck_fallback as f
        on f.is_after and e.id = f.id

    union all by name

    -- what the deck says is not offered, and was not
    select
        'not_offered' as class,
        r.rate_table_id,
        r.prefix,
        r.band,
        r.calling_prefix,
        r.jurisdiction,
        r.destination,
        r.valid_from as changes_at,
        r.line,
    from deck_rows as r
    anti join deck_ended as e on r.rate_table_id = e.rate_table_id and r.prefix = e.prefix
    where r.ended and not r.copies
),

conflicts as (
    select rate_table_id, prefix, band, calling_prefix, jurisdiction, valid_from, list(line order by line) as lines
    from deck_rows
    where not copies
    group by all
    having count(*) > 1
),

notices as (
    select
        rate_table_id,
        max(notice_days) as notice_days,
        coalesce(valid_from, timestamp '0001-01-01') as valid_from,
        coalesce(valid_to, timestamp '9999-12-31') as valid_to,
    from config.rate_assignments
    where notice_days is not null
    group by all
),

noticed as (
    select r.rate_table_id, r.changes_at, max(n.notice_days) as notice_days
    from (select distinct rate_table_id, changes_at from rows) as r
    inner join notices as n
        on r.rate_table_id = n.rate_table_id and r.changes_at >= n.valid_from and r.changes_at < n.valid_to
    group by r.rate_table_id, r.changes_at
)

select
    r.*,
    {{ change_pct('r.old_price', 'r.new_price') }} as change_pct,
    list_filter(
        [
            case
                when
                    coalesce(r.new_price, case when r.class = 'ended' then r.other_rate end) > 10 * r.old_price
                    or r.new_minute > 10 * r.old_minute
                    then 'ten_times'
            end,
            case when r.new_price > told.limit_rate then 'over_limit' end,
            case when r.class not in ('unchanged', 'not_offered') and r.changes_at < told.now then 'past' end,
            case
                when
                    (r.class = 'increased' or r.class in ('new', 'changed') and r.new_price > r.old_price)
                    and r.changes_at < told.now + to_days(n.notice_days)
                    then 'notice'
            end,
            case when c.lines is not null then 'conflict' end,
            -- area codes of North America begin with 2 to 9; numbers that short begin so in other countries
            case
                when
                    r.class = 'new'
                    and regexp_matches(r.prefix, '^1[01]')
                    and (told.country_code = '1' or length(r.prefix) >= 7)
                    then 'no_number'
            end,
        ],
        lambda reason: reason is not null
    ) as reasons,
    n.notice_days,
    c.lines as conflicting_lines,
from rows as r
cross join deck_told as told
left join noticed as n on r.rate_table_id = n.rate_table_id and r.changes_at = n.changes_at
left join conflicts as c
    on
        r.line is not null
        and r.rate_table_id = c.rate_table_id
        and r.prefix = c.prefix
        and r.band = c.band
        and r.calling_prefix = c.calling_prefix
        and r.jurisdiction = c.jurisdiction
        and r.changes_at = c.valid_from

;

-- tables of which no price of the deck is, or lies below or above, one that there was before: the prefixes of another
-- numbering. Of a partial deck, which may well add countries, only where a table that is of one country has more than
-- half of them behind its country code.
create or replace temp table deck_unrelated as
with there as materialized (
    select distinct
        rate_table_id,
        prefix,
        regexp_extract(
            prefix,
            '^(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})'
        ) as country,
    from prices_before
),

deck as materialized (
    select rate_table_id, prefix, count(*) as prices
    from deck_rows
    where not copies
    group by rate_table_id, prefix
),

-- each prefix of the deck as it is written, and behind the country code of a table that is of one country
written as materialized (
    select rate_table_id, prefix, '' as country
    from deck

    union all

    select d.rate_table_id, d.prefix, t.country
    from deck as d
    inner join (
        select rate_table_id, any_value(country) as country
        from there
        group by rate_table_id
        having count(distinct country) = 1 and min(country) <> ''
    ) as t
        on d.rate_table_id = t.rate_table_id
),

-- what each is, and lies below
above as materialized (
    select *, left(country || prefix, unnest(range(length(country) + length(prefix) + 1))) as beginning
    from written
),

-- what each price of before is, and lies below
beginnings as materialized (
    select distinct rate_table_id, left(prefix, unnest(range(length(prefix) + 1))) as beginning
    from there
),

relatives as (
    select a.rate_table_id, a.prefix, a.country
    from above as a
    inner join there as t on a.rate_table_id = t.rate_table_id and a.beginning = t.prefix
    -- all that is behind a country code lies below its own price
    where a.country = '' or t.prefix <> a.country

    union

    select w.rate_table_id, w.prefix, w.country
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
    and ((select replaces_all from deck_told) or 2 * count(behind.prefix) > count(*))
