-- Each leg's rating step by step, in words that a customer understands. The amounts of a leg's steps add up to its
-- `amount` to the last digit; steps that move no money have none.

with legs as (
    select
        l.source,
        l.call_id,
        l.attempt,
        l.day,
        l.side,
        l.currency,
        l.amount_rounding,
        l.amount_decimals,
        l.account_currency,
        l.account_rate_u,
        l.account_u,
        l.covered_u,
        l.amount_u,
        l.reason,
        l.stopped_by is null and l.status = 'rated' as is_charged,
        coalesce(l.rounded_u, l.markup_charge_u) as before_bounds_u,
        g.steps || s.steps as grounds,
        coalesce(c.charges, []) as charges,
        {{ sum_of_steps('c.charges') }} as parts_u,
    from {{ ref('explained_legs') }} as l
    inner join {{ ref('leg_grounds') }} as g
        on
            l.call_id = g.call_id
            and l.attempt = g.attempt
            and l.source = g.source
            and l.day = g.day
            and l.side = g.side
    inner join {{ ref('leg_seconds') }} as s
        on
            l.call_id = s.call_id
            and l.attempt = s.attempt
            and l.source = s.source
            and l.day = s.day
            and l.side = s.side
    left join {{ ref('charge_parts') }} as c
        on
            l.call_id = c.call_id
            and l.attempt = c.attempt
            and l.source = c.source
            and l.day = c.day
            and l.side = c.side
),

listed as (
    select
        source,
        call_id,
        attempt,
        day,
        side,
        grounds || charges || {{ steps_that_apply([
            leg_step(
                "is_charged and (parts_u <> 0 or before_bounds_u <> 0)",
                'rounding',
                "'rounded ' || replace(amount_rounding, '_', ' ') || ' to ' || amount_decimals || ' decimals: '
                || " ~ amount_in_words('before_bounds_u'),
                'before_bounds_u - parts_u'
            ),
            leg_step(
                "is_charged and amount_u <> before_bounds_u",
                'bound',
                "case when amount_u > before_bounds_u then 'at least ' else 'at most ' end || "
                ~ amount_in_words('amount_u'),
                'amount_u - before_bounds_u'
            ),
            leg_step(
                "is_charged and account_currency <> currency",
                'account',
                "'converted at ' || " ~ ratio_in_words('account_rate_u') ~ " || ' to '
                || " ~ amount_in_words('account_u + covered_u') ~ " || ' ' || account_currency"
            ),
            leg_step(
                "is_charged and covered_u > 0",
                'covered_amount',
                amount_in_words('covered_u') ~ " || ' of it is covered by an allowance, '
                || " ~ amount_in_words('account_u') ~ " || ' ' || account_currency || ' is left'"
            ),
            leg_step(
                "is_charged and reason = 'blocked'",
                'reason',
                "'the destination is blocked, but has a price: it is charged'"
            ),
        ]) }} as steps,
    from legs
)

select
    l.source,
    l.call_id,
    l.attempt,
    l.day,
    l.side,
    s.nth::INTEGER as step,
    s.step.what,
    s.step.words as text,
    {{ from_units('s.step.amount_u') }} as amount,
from listed as l
cross join unnest(l.steps) with ordinality as s (step, nth)
