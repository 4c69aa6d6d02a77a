{#-
  CTEs that give out the allowances of consumption profiles of a rule to `legs` (leg_no: their order, account_id,
  digits, charged_at, wanted), each profile of what those of a lower rank left of a leg. `covering` has a row for
  each leg and rank: profile_id, period and what is `covered`. To be used in a `with recursive`.

  One round a rank. What calls before a call want of a profile is a running sum: what is left of the allowance after
  it is what the call finds, for nobody before it was refused while something was left.
-#}
{% macro consumption(rule) -%}
allowed as (
    select
        l.leg_no,
        p.rank,
        p.profile_no,
        p.profile_id,
        {{ profile_period('l.charged_at', 'p.timezone', 'p.period_kind') }} as period,
        p.allowance,
    from legs as l
    inner join {{ ref('profile_terms') }} as p
        on
            l.account_id = p.account_id
            and p.rule = '{{ rule }}'
            and l.charged_at >= p.valid_from
            and l.charged_at < p.valid_to
    where len(p.prefixes) = 0 or len(list_filter(p.prefixes, lambda x: starts_with(l.digits, x))) > 0
),

offered as (
    select
        a.* replace (greatest(0, a.allowance - coalesce(k.consumed, 0)) as allowance),
    from allowed as a
    left join {{ ref('profile_kept') }} as k on a.profile_id = k.profile_id and a.period = k.period
),

covering as (
    select
        leg_no,
        0 as rank,
        null::VARCHAR as profile_id,
        null::DATE as period,
        wanted as left_over,
        0::HUGEINT as covered,
    from legs
    where leg_no in (select leg_no from offered)

    union all

    select
        r.leg_no,
        r.rank,
        r.profile_id,
        r.period,
        r.left_over - r.covered as left_over,
        r.covered,
    from (
        select
            c.leg_no,
            c.rank + 1 as rank,
            o.profile_id,
            o.period,
            c.left_over,
            case
                when o.profile_id is null then 0
                else least(c.left_over, greatest(0, o.allowance - coalesce(
                    sum(c.left_over) over (
                        partition by o.profile_no, o.period
                        order by c.leg_no
                        rows between unbounded preceding and 1 preceding
                    ), 0
                )))
            end::HUGEINT as covered,
        from covering as c
        left join offered as o on c.leg_no = o.leg_no and c.rank + 1 = o.rank
        where c.rank < (select max(rank) from offered)
    ) as r
)
{%- endmacro %}
