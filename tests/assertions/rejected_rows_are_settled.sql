-- No rejected row of the day is left open: each was superseded, landed corrected from a later file, or waived.
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Land a corrected file, or let the rows pass: tollbook waive --day DAY --file FILE_ID --reason TEXT (--row '
        ~ 'FILE_ID:LINE for one). Of a conflict the right version may replace the other: tollbook land --supersede FILE '
        ~ '--reason TEXT.',
}) }}

select
    day,
    file_id || ':' || line as key,
    'line ' || line || ' of a ' || kind || ' file from ' || source || ' was rejected (' || reason || ': ' || detail
    || '); --row ' || file_id[:12] || ':' || line as detail,
from {{ ref('unsettled_rows') }}
where day in {{ checked_days() }}
