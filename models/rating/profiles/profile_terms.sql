-- The consumption profiles with what calls of closed days, and of days not being built, have consumed already.
-- `rank` is the order in which an account's profiles of one rule apply: by priority, then as written.
{{ config(materialized='view') }}

select
    row_number() over (order by p.profile_id)::INTEGER as profile_no,
    p.profile_id,
    p.account_id,
    p.rule,
    row_number() over (partition by p.account_id, p.rule order by p.priority, p.line)::INTEGER as rank,
    case p.rule when 'duration' then {{ to_ms('p.allowance') }} else {{ to_units('p.allowance') }} end::HUGEINT
        as allowance,
    p.period as period_kind,
    a.timezone,
    p.prefixes,
    p.valid_from,
    p.valid_to,
from {{ ref('stg_consumption_profiles') }} as p
inner join {{ ref('stg_accounts') }} as a on p.account_id = a.account_id
