-- When a CDR's charging begins (rating.md): its one instant, as near to it as the readable cells get for a row that is
-- wrong. An expression over a row of checked.py.
coalesce(
    case
        when t_duration_s > 0
            then coalesce(t_answered_at, t_ended_at - to_microseconds(cast(t_duration_s * 1000000 as BIGINT)))
        when t_duration_s is null then t_answered_at
    end,
    t_started_at
)
