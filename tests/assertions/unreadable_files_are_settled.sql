-- No file that came on the day, or is of it by its name or rows, is left that could not be read: each landed corrected,
-- or was waived.
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Land it corrected, under the same name; it lies in rejected/ with the reason beside it. One that landed under '
        ~ 'another name: tollbook land FILE --corrects FILE_ID; one that is not wanted: tollbook waive --day DAY '
        ~ '--file FILE_ID --reason TEXT.',
}) }}

select
    day,
    file_id || ' ' || kind || ' ' || source as key,
    'a ' || kind || ' file from ' || source || ', ' || name || ', could not be read (' || problem || '); --file '
    || file_id[:12] as detail,
from {{ ref('unsettled_files') }}
where day in {{ checked_days() }}
