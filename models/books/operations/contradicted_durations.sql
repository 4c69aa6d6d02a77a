-- Calls of the days being checked whose seconds are not those between their stamps, by more than 2 s and 1 % of
-- these (whole seconds, rounded or cut off, differ by less), that ended before they began, or that were answered more
-- than 2 s before they began or an hour or more after: no network lets a telephone ring for longer than minutes, and
-- clocks in two time zones are an hour apart at least, most of them. And calls with seconds that say that nobody
-- answered: are the seconds those with the ringing?
{% set rang_us = 60 * 60 * 1000000 %}
{% set said = [
    'NOANSWER', 'UNANSWERED', 'NOTANSWERED', 'NOUSERRESPONSE', 'BUSY', 'USERBUSY', 'CONGESTION', 'CHANUNAVAIL', 'CANCEL',
    'CANCELED', 'CANCELLED', 'ORIGINATORCANCEL', 'CALLREJECTED', 'UNALLOCATEDNUMBER',
] | join("', '") %}
{# of Q.850, then of SIP; where nothing says when it was answered: another leg's cause may be the last #}
{% set causes = ['1', '17', '18', '19', '404', '480', '486', '487', '600', '603', '604'] | join("', '") %}

with stamped as (
    select
        day,
        source,
        call_id,
        attempt,
        duration_s,
        started_at,
        answered_at,
        ended_at,
        (duration_s * 1000000)::BIGINT as duration_us,
        epoch_us(ended_at) - epoch_us(coalesce(answered_at, started_at)) as stamps_us,
        case
            when
                disposition is not null
                and upper(regexp_replace(disposition, '[^A-Za-z]', '', 'g'))
                in ('{{ said }}')
                then 'with seconds although it says ' || disposition
            when answered_at is null and hangup_cause in ('{{ causes }}')
                then 'with seconds although it was never answered and ended with cause ' || hangup_cause
        end as unanswered,
    from {{ ref('stg_cdrs') }}
    where day in {{ checked_days() }}
),

judged as (
    select
        *,
        case
            when duration_s > 0 and unanswered is not null then unanswered
            when date_trunc('second', ended_at) < date_trunc('second', answered_at) then 'ended before it was answered'
            when date_trunc('second', ended_at) < date_trunc('second', started_at) then 'ended before it was started'
            when epoch_us(started_at) - epoch_us(answered_at) > 2000000 then 'answered before it was started'
            when (duration_us - stamps_us) * 100 > 200000000 + stamps_us then 'longer than between its stamps'
            -- nobody knows how much of it was ringing where nothing says when it was answered
            when answered_at is not null and (stamps_us - duration_us) * 100 > 200000000 + stamps_us
                then 'shorter than between its stamps'
            -- it is charged by when it was answered, on another day or in another month
            when epoch_us(answered_at) - epoch_us(started_at) >= {{ rang_us }}
                then 'answered an hour or more after it was started'
        end as contradiction,
    from stamped
)

select
    day,
    source,
    call_id,
    attempt,
    contradiction,
    duration_s,
    started_at,
    answered_at,
    ended_at,
from judged
where contradiction is not null
