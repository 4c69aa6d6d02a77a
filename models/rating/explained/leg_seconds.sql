-- The steps of each leg between its rate and its charge, in words: why it has no charge, or for how long it is billed
-- and what of that is covered.

with covered as (
    select
        source,
        call_id,
        attempt,
        day,
        string_agg({{ seconds_in_words('covered_ms') }} || ' by ' || profile_id, ', ' order by profile_id) as words,
    from {{ ref('duration_covered') }}
    group by source, call_id, attempt, day
),

reasons (reason, words) as (
    values
    ('no_account', 'the trunk is no account''s at that time'),
    ('no_rate_table', 'the account has no rate table at that time'),
    ('bad_number', 'the number is not 1 to 15 digits'),
    ('no_rate', 'the table has no rate in force for the number'),
    ('blocked', 'the destination is blocked'),
    ('no_cost', 'what the carrier charges is not known'),
    ('no_fx', 'there is no rate of exchange')
),

timed as (
    select
        l.*,
        {{ chargeable_ms('l.duration_ms', 'l.second_ms', 'l.second_offset_ms', '0') }} as rounded_ms,
        v.words as covered_words,
        r.words as reason_words,
    from {{ ref('explained_legs') }} as l
    left join covered as v
        on
            l.call_id = v.call_id
            and l.attempt = v.attempt
            and l.source = v.source
            and l.day = v.day
            and l.side = 'sell'
    left join reasons as r on l.stopped_by = r.reason
)

select
    source,
    call_id,
    attempt,
    day,
    side,
    {{ steps_that_apply([
        leg_step(
            "stopped_by is not null and status <> 'none'",
            'reason',
            "case when answered then 'not rated: ' else 'not answered, so that it costs nothing: ' end || reason_words",
            'amount_u'
        ),
        leg_step(
            "stopped_by is null and kind in ('per_minute', 'block') and past_grace",
            'seconds',
            seconds_in_words('duration_ms')
            ~ " || case when second_ms > 1
                then ', rounded ' || replace(seconds_rounding, '_', ' ') || ' to ' || "
            ~ seconds_in_words('rounded_ms') ~ " else '' end
            || case when free_ms > 0
                then ', less ' || " ~ seconds_in_words('free_ms') ~ " || ' free' else '' end
            || case
                when chargeable_ms = 0 then ': nothing is left to bill'
                else '; ' || case
                    when pulse_from_ms = 0 and chargeable_ms > initial_ms then 'from the start'
                    else 'first ' || " ~ seconds_in_words('initial_ms') ~ " || ', then'
                end || case
                    when increment_ms = 1 then ' as it is'
                    else ' blocks of ' || " ~ seconds_in_words('increment_ms') ~ "
                end || ': ' || " ~ seconds_in_words('billed_ms') ~ " || ' billed'
            end"
        ),
        leg_step(
            "stopped_by is null and answered and kind in ('given', 'markup')",
            'seconds',
            seconds_in_words('duration_ms') ~ " || ', billed ' || " ~ seconds_in_words('billed_ms')
            ~ " || case kind when 'given' then ' as the carrier says' else ' as the buy leg is' end"
        ),
        leg_step('covered_words is not null', 'covered', "'covered are ' || covered_words"),
    ]) }} as steps,
from timed
