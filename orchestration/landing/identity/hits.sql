-- Temp table hits: the identities that the file has more than once.
create or replace temp table hits as
select {identity}
from {table}
where file_sequence = $sequence
group by all
having count(*) > 1;
