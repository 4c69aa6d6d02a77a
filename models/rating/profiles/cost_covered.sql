-- The amounts that cost profiles take off sell legs, in units of 1e-8 of the account's currency.
-- One row for each leg and profile that covers some of it. Calls consume in the order of (charged_at, source, call_id,
-- attempt); profiles apply in the order of their rank, each to what the ones before left.

with recursive legs as (
    select
        b.source,
        b.call_id,
        b.attempt,
        b.day,
        b.charged_at,
        b.file_sequence,
        b.sell_account_id as account_id,
        b.sell_digits as digits,
        b.sell_account_u::HUGEINT as wanted,
        row_number() over (order by b.charged_at, b.source, b.call_id, b.attempt) as leg_no,
    from {{ ref('rated_legs') }} as b
    where
        b.sell_account_id in (select account_id from {{ ref('profile_terms') }} where rule = 'cost')
        and b.answered
        and (b.sell_past_grace or b.sell_is_markup)
        and b.sell_status = 'rated'
        and b.sell_account_u > 0
),

eligible as (
    select
        l.leg_no,
        p.rank,
        p.profile_no,
        {{ profile_period('l.charged_at', 'p.timezone', 'p.period_kind') }} as period,
        p.profile_id,
        p.allowance,
    from legs as l
    inner join {{ ref('profile_terms') }} as p
        on
            l.account_id = p.account_id
            and p.rule = 'cost'
            and l.charged_at >= p.valid_from
            and l.charged_at < p.valid_to
    where len(p.prefixes) = 0 or len(list_filter(p.prefixes, lambda x: starts_with(l.digits, x))) > 0
),

allowed as (
    select
        e.leg_no,
        e.rank,
        e.profile_no,
        e.profile_id,
        e.period,
        greatest(0, e.allowance - coalesce(k.consumed, 0)) as allowance,
    from eligible as e
    left join {{ ref('profile_kept') }} as k on e.profile_id = k.profile_id and e.period = k.period
),

-- one round a rank: what is wanted of a profile before a call comes to it is the sum of what calls before it want
covering as (
    select
        leg_no,
        0 as rank,
        null::VARCHAR as profile_id,
        null::DATE as period,
        wanted as left_over,
        0::HUGEINT as covered,
    from legs
    where leg_no in (select leg_no from allowed)

    union all

    select
        leg_no,
        rank,
        profile_id,
        period,
        left_over - covered as left_over,
        covered,
    from (
        select
            c.leg_no,
            c.rank + 1 as rank,
            a.profile_id,
            a.period,
            c.left_over,
            case
                when a.profile_id is null then 0
                else least(c.left_over, greatest(0, a.allowance - coalesce(
                    sum(c.left_over) over (
                        partition by a.profile_no, a.period order by c.leg_no
                        rows between unbounded preceding and 1 preceding
                    ), 0
                )))
            end::HUGEINT as covered,
        from covering as c
        left join allowed as a on c.leg_no = a.leg_no and c.rank + 1 = a.rank
        where c.rank < (select max(rank) from allowed)
    )
)

select
    l.source,
    l.call_id,
    l.attempt,
    l.day,
    l.charged_at,
    l.file_sequence,
    l.account_id,
    c.profile_id,
    c.period,
    c.covered as covered_u,
from covering as c
inner join legs as l on c.leg_no = l.leg_no
where c.covered > 0
