-- No rejected row of the day is left open: each was superseded, landed corrected from a later file, or waived.
{#- What helps depends on the row: its own `remedy`. -#}
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'Or let the rows pass: tollbook waive --day DAY --file FILE_ID --reason TEXT (--row FILE_ID:LINE for one).',
}) }}

select
    day,
    name || ' ' || file_id || ':' || lpad(line::VARCHAR, 12, '0') as key,
    'line ' || line || ' of ' || name || ' (' || kind || ' from ' || source || ') was rejected (' || reason || ': '
    || detail || '); --row ' || file_id[:12] || ':' || line as detail,
    case
        when reason = 'conflict' and kind = 'cdrs'
            then 'Of a conflict the right version may replace the other: tollbook land --supersede FILE --reason TEXT.'
        when reason = 'conflict'
            then
                'Of a conflict the row that landed first stays: waive the other, or withdraw the file of the first; of '
                || 'two payments from two sources that are not the same, land the other: tollbook land FILE --again.'
        when identified then 'Land a corrected file.'
        else
            'Of a row whose identity cannot be read (such as bad_row and bad_encoding; a count has none) land the line '
            || 'with that one cell corrected; where more of it is other, say so: tollbook land FILE --corrects FILE_ID.'
    end as remedy,
from {{ ref('unsettled_rows') }}
where day in {{ checked_days() }}
