-- The waivers in force on the days being checked, and what they settle by now: of a reason code also legs that landed
-- since, and an average is of all that is rated by now. Gaps are none of them: nobody can say what one is worth.

with waivers as (
    select
        day as waived_on,
        what,
        key,
        kind,
        source,
        operator,
        reason,
        amount,
        settled,
        confirmed_by,
        struct_pack(day, what, key, kind, source) as waiver,
    from {{ ref('stg_waivers') }}
    where in_force and what <> 'gap'
),

rejected as (
    select
        w.waiver,
        r.day,
        r.kind,
        r.source,
        r.file_id,
        r.line,
        r.row_id,
        r.attempt,
        r.file_sequence,
        f.landed_at::DATE as landed_on,
    from waivers as w
    inner join {{ ref('stg_rejected_rows') }} as r
        on
            (
                (w.what = 'row' and w.waived_on = r.day and w.key = r.file_id || ':' || r.line)
                or (w.what = 'file' and w.key = r.file_id)
            )
            and {{ waived_of('w', 'r') }}
    inner join {{ ref('stg_files') }} as f
        on r.file_id = f.file_id and r.kind = f.kind and r.source = f.source
),

landed_later as (
    select source, call_id as row_id, attempt, day, file_sequence
    from {{ ref('stg_cdrs') }}
    where
        -- rows lie in the order of landing: earlier ones are not read
        file_sequence > (select min(file_sequence) from rejected)
        and call_id in (select row_id from rejected)
),

items as (
    select w.waiver, v.day, v.worth
    from waivers as w
    inner join {{ ref('waiver_worth') }} as v
        on
            w.waived_on = v.day
            and (
                (w.what = 'reason' and v.what = 'call' and w.key = v.reason)
                or (w.what in ('call', 'count') and w.what = v.what and w.key = v.key)
            )
            and {{ waived_of('w', 'v') }}
    where v.day in {{ checked_days() }}

    union all

    select r.waiver, r.day, v.worth
    from rejected as r
    inner join {{ ref('waiver_worth') }} as v
        on
            r.day = v.day
            and v.what = 'row'
            and v.item = r.kind || ' ' || r.source || ' ' || r.file_id || ':' || r.line
    anti join {{ ref('stg_corrections') }} as k
        on r.file_id = k.file_id and r.kind = k.kind and r.source = k.source and r.line = k.line
    anti join landed_later as l on r.kind = 'cdrs' and {{ corrects('l', 'r') }}
),

weighed as (
    select
        waiver,
        count(*) as settles,
        case when count(*) = count(worth) then sum(worth)::DECIMAL(20, 8) end as worth,
    from items
    group by waiver
),

held as (
    select waiver, day
    from items
    union
    select waiver, waived_on as day
    from waivers
),

worths as (
    select
        w.*,
        h.day,
        coalesce(x.settles, 0) as settles,
        -- what is left of a file that could not be read, nobody can say
        case
            when x.settles is not null then x.worth
            when w.what not in ('row', 'file') or w.amount is not null then 0
        end::DECIMAL(20, 8) as worth,
    from waivers as w
    inner join held as h on w.waiver = h.waiver
    left join weighed as x on w.waiver = x.waiver
    where h.day in {{ checked_days() }}
)

select
    w.* exclude (waiver, confirmed_by), -- noqa: RF02
    company.reporting_currency as currency,
    company.waiver_limit,
    -- of what nobody could say then, it was decided as such
    coalesce(
        w.confirmed_by is null and w.amount is not null and company.waiver_limit is not null
        and coalesce(w.worth > company.waiver_limit, true),
        false
    ) as wants_second,
from worths as w
cross join {{ ref('stg_company') }} as company
