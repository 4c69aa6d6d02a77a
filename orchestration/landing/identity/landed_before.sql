-- Temp view landed_before: the source's rows of the file's days and their neighbours that had landed before it, with
-- their rid. The days are written out: a view takes no parameters.
create or replace temp view landed_before as
select {as_read_today}
from (
    select *, rowid as rid
    from {table}
    where file_sequence <> {sequence} and source = {source} and day between {first_day} - 1 and {last_day} + 1
);
