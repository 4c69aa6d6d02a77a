-- All that is left of the file which the landed one is said to have right.
insert into ops.corrections by name
select
    file_id, $kind as kind, $source as source, line, $file_id as corrected_by,
    (select now from run.clock) as corrected_at,
from left_rows
where file_id = $corrected;
