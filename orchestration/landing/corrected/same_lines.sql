-- Rows left without an identity that a line of the landed file says again, but for the one cell that was wrong: all cells
-- before it and all behind it are the same. Where wrong bytes or quotes made a row wrong, which are not compared, a cell
-- that differs beside them is of another call; so is an id that is neither empty nor the same. Each line corrects one row
-- of a file at most: equal rows of one file are as many calls.
create or replace temp macro comparable(text) as regexp_replace(text, '([^ -~]|\\x[0-9a-f]{{2}})+', '?', 'g');

create or replace temp table unnamed as
select file_id, line, raw, reason, comparable(raw) as plain
from left_rows
where is_unnamed and line is not null;

create or replace temp table new_lines as
select r.line, comparable(r.raw) as plain, comparable(r.row_id) as row_id
from (select *, {row_id} as row_id from ({landed_lines})) as r
where
    exists (
        select 1 from (select {identity} from {table} where file_sequence = $sequence) as o
        where {same_identity}
    );

insert into ops.corrections by name
with open_cells as (
    select file_id, line, raw, reason, {cells} as cells from unnamed
),

line_cells as (
    select line, row_id, {cells} as cells, len(cells) as n from new_lines
),

-- but for the cell `i`: what is before it and what is behind it, as a hash that finds those alike without comparing all
-- with all
line_keys as (
    select line, row_id, cells, n, i, hash(cells[1:i - 1], cells[i + 1:n]) as key
    from (select *, unnest(range(1, n + 1)) as i from line_cells where n > 2)
),

open_keys as (
    select *, hash(cells[1:i - 1], cells[len(cells) - (n - i) + 1:len(cells)]) as key
    from (
        select r.file_id, r.line, r.raw, r.reason, r.cells, w.n, unnest(range(1, w.n + 1)) as i
        from open_cells as r
        inner join (select distinct n from line_cells where n > 2) as w on len(r.cells) >= w.n - 1
    )
),

alike as (
    select
        r.file_id, r.line, h.line as by_line, h.n,
        any_value(r.raw) as raw,
        any_value(r.reason) as reason,
        any_value(r.cells) as cells,
        any_value(h.row_id) as row_id,
        any_value(h.cells) as by_cells,
    from open_keys as r
    inner join line_keys as h on r.n = h.n and r.i = h.i and r.key = h.key
    group by r.file_id, r.line, h.line, h.n
),

shared as (
    select
        *,
        coalesce(list_position(
            list_transform(range(1, n + 1), lambda i: cells[i] is distinct from by_cells[i]), true
        ) - 1, n) as n_front,
        coalesce(list_position(
            list_transform(range(1, n + 1), lambda i: cells[-i] is distinct from by_cells[-i]), true
        ) - 1, n) as n_back,
    from alike
),

others as (
    select
        *,
        n_front = n and len(cells) = n as is_same,
        array_to_string(cells[least(n_front, n - 1) + 1:len(cells) - (n - least(n_front, n - 1) - 1)], '') as other,
        by_cells[least(n_front, n - 1) + 1] as by_other,
        regexp_matches(raw, '\\x[0-9a-f]{{2}}') as has_wrong_bytes,
        reason = 'bad_row' and contains(raw, '"') and len(cells) = n as has_wrong_quotes,
    from shared
    where n_front + n_back >= n - 1
),

judged as (
    select
        *,
        -- empty, in JSON with its name
        regexp_full_match(trim(other), '([^=]*=)?("")?') as is_empty,
        coalesce(contains(by_other, row_id) or contains(row_id, by_other), false) as is_of_id,
    from others
),

same as (
    select file_id, line, by_line, is_empty and is_of_id and not is_same as is_without_id
    from judged
    where
        is_same
        or is_empty
        or (
            not has_wrong_quotes
            and (not has_wrong_bytes or contains(other, '?'))
            and (not is_of_id or contains(other, row_id))
        )
),

-- the lines of rows that say an id first: any line may be that of one without
of_their_id as (
    select file_id, line, by_line
    from same
    where not is_without_id
    qualify
        row_number() over (partition by file_id, line order by by_line)
        = row_number() over (partition by file_id, by_line order by line)
),

of_any_id as (
    select s.file_id, s.line, s.by_line
    from same as s
    anti join of_their_id as t on s.file_id = t.file_id and s.line = t.line
    anti join of_their_id as u on s.file_id = u.file_id and s.by_line = u.by_line
    where s.is_without_id
    qualify
        row_number() over (partition by s.file_id, s.line order by s.by_line)
        = row_number() over (partition by s.file_id, s.by_line order by s.line)
),

paired as (
    select file_id, line from of_their_id
    union
    select file_id, line from of_any_id
)

select distinct
    file_id, $kind as kind, $source as source, line, $file_id as corrected_by,
    (select now from run.clock) as corrected_at,
from paired;
