-- What a staged row that is in conflict says otherwise than the row that it is in conflict with, and what helps.
update staged as s
set detail = c.detail
from (
    select
        line,
        'another row with the same {identity_words} has landed with other values'
        || case when of_day <> day then ', on ' || of_day else '' end
        || case when len(said) > 0 then ': ' || array_to_string(said[:3], ', ') else '' end
        || case when len(said) > 3 then ' and ' || (len(said) - 3) || ' more' else '' end
        || case
            when regexp_full_match(named, '{spoilt}')
                then '; ' || named || ' was an id once: a spreadsheet has spoiled it. Export the column as text'
            when len(said) = 1 and starts_with(said[1], 'extra') then '; nothing is charged by that: waive the row, or'
                || ltrim(remedy, ';')
            else remedy
        end as detail,
    from (
        select
            r.line,
            r.day,
            r.named,
            list_filter([{differences}], lambda each: each is not null) as said,
            o.day as of_day,
            {remedy} as remedy,
        from (select *, {row_id}::VARCHAR as named from staged) as r
        inner join standing as o on {same_identity} and {near}
        where r.state = 'conflict' and r.detail is null
        qualify row_number() over (partition by r.line order by o.rid is null, abs(r.day - o.day), o.day) = 1
    )
) as c
where s.line = c.line;
