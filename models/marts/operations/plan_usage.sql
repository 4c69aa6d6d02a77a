-- What each account has of what its plan counts, as it was observed last, and how many the plan allows. The switch's
-- own count of calls (`cdrs`) is for checking days and is no resource of an account.

with latest as (
    select
        account_id,
        resource,
        max_by(
            struct_pack(count := count, observed_at := observed_at),
            (observed_at, file_sequence, count)
        ) as seen,
    from {{ ref('stg_resources') }}
    where resource <> 'cdrs'
    group by account_id, resource
)

select
    l.account_id,
    l.resource,
    l.seen.count,
    t.limit::BIGINT as "limit",
    coalesce(l.seen.count > t.limit, false) as exceeded,
    a.plan_tier,
    l.seen.observed_at,
from latest as l
inner join {{ ref('stg_accounts') }} as a on l.account_id = a.account_id
left join {{ ref('stg_plan_tiers') }} as t
    on
        a.plan_tier = t.plan_tier
        and l.resource = t.resource
