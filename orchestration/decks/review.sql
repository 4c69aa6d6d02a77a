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

-- what the numbers of a new prefix cost until now, and those of an ended one from then on: the longest shorter prefix
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
)

select
    w.id,
    w.is_after,
    max_by(
        struct_pack(prefix := p.prefix, rate := p.rate_per_minute),
        (length(p.prefix), p.calling_prefix, p.jurisdiction, p.band, p.valid_from, p.deck, p.line)
    ) as price,
from wanted as w
cross join unnest(range(0, length(w.prefix))) as lengths (n)
inner join prices as p
    on
        w.rate_table_id = p.rate_table_id
        and left(w.prefix, lengths.n) = p.prefix
        and w.is_after = p.is_after
        and p.band in ('', w.band)
        and p.calling_prefix in ('', w.calling_prefix)
        and p.jurisdiction in ('', w.jurisdiction)
        and p.valid_from <= w.changes_at
        and p.valid_to > w.changes_at
group by w.id, w.is_after;

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
        coalesce(c.old.rate, c.old.increment_charge, f.price.rate) as old_price,
        coalesce(c.terms.rate, c.terms.increment_charge) as new_price,
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
        e.rate_per_minute as old_price,
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
            case when r.new_price > 10 * r.old_price then 'ten_times' end,
            case when r.new_price > told.limit_rate then 'over_limit' end,
            case when r.class not in ('unchanged', 'not_offered') and r.changes_at < told.now then 'past' end,
            case
                when
                    (r.class = 'increased' or r.class in ('new', 'changed') and r.new_price > r.old_price)
                    and r.changes_at < told.now + to_days(n.notice_days)
                    then 'notice'
            end,
            case when c.lines is not null then 'conflict' end,
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
