-- No call's seconds contradict its stamps: answered (else started) to ended, within 2 s and 1 %. None was answered
-- before it was started, or an hour or more after, and none has seconds that says that nobody answered. A warning:
-- it is charged by its seconds and by when it was answered, and the day closes all the same.
{{ config(severity='warn', meta={
    'dagster': {'ref': {'name': 'contradicted_durations'}},
    'remedy': 'Ask the switch which is right: were milliseconds taken for seconds, was a clock set, do the '
        ~ 'seconds have the ringing in them? Land the right rows: '
        ~ 'tollbook land --supersede FILE --reason TEXT. Where the seconds are right there is nothing to do.',
}) }}

select
    day,
    source || ' ' || call_id || ' ' || attempt as key,
    'call ' || call_id || ' of ' || source || ', ' || contradiction || ': ' || duration_s || ' s, started '
    || started_at || coalesce(', answered ' || answered_at, '') || coalesce(', ended ' || ended_at, '')
    || ' UTC' as detail,
from {{ ref('contradicted_durations') }}
