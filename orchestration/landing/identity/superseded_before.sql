-- Temp view superseded_before: the source's CDRs that were superseded; not those that were withdrawn while they
-- counted.
create or replace temp view superseded_before as
select {as_read_today}
from (select * from landed.superseded_cdrs where source = {source} and superseded_by <> '');
