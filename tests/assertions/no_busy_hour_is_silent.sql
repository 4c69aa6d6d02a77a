-- No hour is silent in which a switch had 10 attempts or more on each of the last 7 same weekdays. A warning: the day
-- closes all the same.
{{ config(severity='warn', meta={
    'dagster': {'ref': {'name': 'silent_hours'}},
    'remedy': 'Ask the switch whether it was quiet. Land what is missing: an adjustment posts it if the day has closed.',
}) }}

select
    day,
    source || ' ' || hour as key,
    source || ' sent nothing from ' || strftime(hour, '%H:%M') || ' to ' || strftime(hour + interval 1 hour, '%H:%M')
    || ' UTC; on each of the 7 ' || dayname(day) || 's before it had ' || attempts_before || ' attempts or more'
        as detail,
from {{ ref('silent_hours') }}
