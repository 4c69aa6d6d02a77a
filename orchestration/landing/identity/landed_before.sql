-- Temp view landed_before: the source's rows that had landed before the file and may be near its own, with their rid. The
-- days are written out: a view takes no parameters.
create or replace temp view landed_before as
select {as_read_today}
from (
    select *, rowid as rid
    from {table}
    where file_sequence <> {sequence} and source = {source} and {near_days}
);
