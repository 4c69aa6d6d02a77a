-- Bursts of high-cost calls: the worst 60 minutes that end in an account's hour, over every end of a window, not by the
-- clock. A window over midnight is looked at when either of its days is built; of a day that is built
-- again without the next, the last hour stands for the windows that end after it.

with windows as (
    select
        day,
        account_id,
        charged_at,
        min(charged_at) over within_minutes as first_at,
        count(*) over within_minutes as calls,
        sum(spent_u) over within_minutes as spent_u,
        max_by(destination, spent_u) over within_minutes as destination,
    from {{ ref('high_cost_legs') }}
    window within_minutes as (
        partition by day, account_id order by charged_at
        range between interval '{{ threshold("burst_minutes") }} minutes' preceding and current row
    )
),

-- the floor is also what the account spends in an average hour of the days before, if that is more
compared as (
    select
        w.*,
        least(date_trunc('hour', w.charged_at), w.day + interval 23 hour) as hour,
        greatest(
            {{ to_units(threshold('burst_amount')) }},
            coalesce({{ divide_half_up(to_units('a.amount'), '(24 * a.days_called)') }}, 0)
        ) as least_u,
        {{ from_units(divide_half_up(to_units('a.amount'), '(24 * a.days_called)')) }} as expected,
        coalesce(a.weeks, 0) as weeks,
    from windows as w
    left join {{ ref('accounts_before') }} as a on w.day = a.day and w.account_id = a.account_id
    where
        w.first_at < w.day + interval 1 day
        and w.charged_at >= w.day
        and (
            w.charged_at < w.day + interval 1 day
            or w.day + 1 not in (select day from {{ ref('stg_build_days') }})
        )
)

select
    day,
    account_id,
    hour,
    first_at,
    charged_at as last_at,
    destination,
    calls::BIGINT as calls,
    {{ from_units('spent_u') }} as amount,
    expected,
    {{ from_units('least_u') }} as least_amount,
    weeks::BIGINT as weeks,
from compared
where calls >= {{ threshold('burst_calls') }} and spent_u >= least_u
qualify row_number() over (
    partition by day, account_id, hour order by spent_u desc, charged_at asc
) = 1
