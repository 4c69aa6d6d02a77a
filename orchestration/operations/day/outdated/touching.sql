-- Every leg that a row of asked_rates could touch, with that row, and whether a number of the call begins with its
-- prefix.
create or replace temp view touching as
select l.day, a.lo, l.source, l.call_id, l.attempt, l.side, l.rate_table_id, l.prefix, a.file, a."row", a.sign,
    contains(' ' || l.numbers, ' ' || coalesce(a."row" ->> 'prefix', '')) as is_likely,
from asked_rates as a
inner join legs as l
    on
        a.day = l.day
        and a.rate_table_id = l.rate_table_id
        and a.prefix = l.prefix
        and l.charged_at >= a.since
        and l.charged_at < a.until
        and l.file_sequence > a.lo
        and l.file_sequence <= a.hi
        and (
            a.longer_by = ''
            or l.country_code is not null
            or contains(l.numbers, a.longer_by)
        )
where a.file = 'rates'
union all
select l.day, a.lo, l.source, l.call_id, l.attempt, l.side, l.rate_table_id, l.prefix, a.file, a."row", a.sign,
    contains(' ' || l.numbers, ' ' || coalesce(a."row" ->> 'prefix', '')) as is_likely,
from asked_rates as a
inner join legs as l
    on
        a.day = l.day
        and a.rate_table_id = l.rate_table_id
        and l.charged_at >= a.since
        and l.charged_at < a.until
        and l.file_sequence > a.lo
        and l.file_sequence <= a.hi
where a.file not in ('rates', 'sources')
union all
select l.day, a.lo, l.source, l.call_id, l.attempt, l.side, l.rate_table_id, l.prefix, a.file, a."row", a.sign,
    contains(' ' || l.numbers, ' ' || coalesce(a."row" ->> 'prefix', '')) as is_likely,
from asked_rates as a
inner join legs as l
    on a.day = l.day and a.source = l.source and l.file_sequence > a.lo and l.file_sequence <= a.hi
where a.file = 'sources';
