-- What the charge of each rated leg consists of before it is rounded once, in order: words, and amounts as shown (each
-- rounded half up to 8 decimals; leg_steps sets right by how much their sum differs).

with legs as (
    select
        *,
        billed_ms - covered_ms as uncovered_ms,
        -- what of the initial period is charged at a rate of its own, and how many blocks begin after what is covered
        case when initial_extra_u <> 0 then greatest(0, least(billed_ms, initial_ms) - covered_ms) else 0 end
            as first_ms,
        (billed_ms - initial_ms) // increment_ms - case
            when covered_ms > 0 then greatest(0, (covered_ms - initial_ms + increment_ms - 1) // increment_ms)
            else 0
        end as blocks,
        case
            when kind in ('given', 'markup') then kind
            when not answered then 'attempt'
            when not past_grace then 'grace'
            when chargeable_ms = 0 then 'connection'
            when covered_ms >= billed_ms then 'covered'
            when parts is not null then 'parts'
            else 'whole ' || kind
        end as charged,
    from {{ ref('explained_legs') }}
    where status = 'rated' and stopped_by is null
),

-- a call cut at band edges: what is left of each stretch after the covered seconds, at the rate of its band
stretches as (
    select
        l.source,
        l.call_id,
        l.attempt,
        l.day,
        l.side,
        list(
            {{ charge_part(
                'true',
                seconds_in_words('p.part.to_ms - greatest(p.part.from_ms, l.covered_ms)') ~ " || case
                    when p.part.band = '' then ' outside of the bands' else ' in band ' || p.part.band
                end || ' at ' || " ~ amount_in_words('p.part.rate_u') ~ " || ' a minute, ' || o.origin",
                '(p.part.to_ms - greatest(p.part.from_ms, l.covered_ms))::HUGEINT * p.part.rate_u'
            ) }} order by p.part.from_ms
        ) as charges,
    from legs as l
    cross join unnest(l.parts) as p (part)
    left join {{ ref('rate_origins') }} as o on p.part.rate_no = o.rate_no
    where l.charged = 'parts' and p.part.to_ms > l.covered_ms
    group by l.source, l.call_id, l.attempt, l.day, l.side
)

select
    l.source,
    l.call_id,
    l.attempt,
    l.day,
    l.side,
    {{ steps_that_apply([
        charge_part(
            "l.charged = 'given'", "'what the carrier says it charged'", '60000 * ' ~ to_units('l.carrier_amount')
        ),
        charge_part(
            "l.charged = 'markup'",
            "'the buy leg costs ' || " ~ amount_in_words('l.marked_up_u')
            ~ " || coalesce(' ' || l.marked_up_currency, '') || case
                when l.marked_up_currency <> l.currency
                    then ', at ' || " ~ ratio_in_words('l.markup_rate_u') ~ " || ' in ' || l.currency
                else ''
            end",
            'l.marked_up_u::HUGEINT * l.markup_rate_u',
            '100000000::HUGEINT'
        ),
        charge_part(
            "l.charged = 'markup'",
            "'markup of ' || " ~ ratio_in_words('l.markup_u') ~ " || '%'",
            'l.marked_up_u::HUGEINT * l.markup_rate_u * l.markup_u',
            '1000000000000000000::HUGEINT'
        ),
        charge_part(
            "l.charged = 'attempt'",
            "case when l.attempt_u > 0 then 'not answered: attempt charge' else 'not answered: no charge' end",
            '60000::HUGEINT * l.attempt_u'
        ),
        charge_part(
            "l.charged = 'grace'",
            seconds_in_words('l.duration_ms') ~ " || ' is within the grace of ' || "
            ~ seconds_in_words('l.grace_ms') ~ " || ': no charge'",
            '0'
        ),
        charge_part("l.charged = 'covered'", "'all of it is covered: no charge'", '0'),
        charge_part(
            "l.charged = 'connection'
            or (l.connect_u > 0 and l.charged in ('parts', 'whole per_minute', 'whole block'))",
            "case when l.connect_u > 0 then 'connect charge' else 'no connect charge' end",
            '60000::HUGEINT * l.connect_u'
        ),
        charge_part(
            "l.charged = 'whole block' and l.covered_ms = 0",
            "'the first ' || " ~ seconds_in_words('l.initial_ms'),
            '60000::HUGEINT * (l.fixed_u - l.connect_u)'
        ),
        charge_part(
            "l.charged = 'whole block' and l.blocks > 0",
            "l.blocks || case when l.blocks = 1 then ' block of ' else ' blocks of ' end || "
            ~ seconds_in_words('l.increment_ms') ~ " || ' at ' || "
            ~ amount_in_words('l.increment_charge_u'),
            '60000::HUGEINT * l.increment_charge_u * l.blocks'
        ),
        charge_part(
            "l.charged = 'whole per_minute' and l.first_ms > 0",
            seconds_in_words('l.first_ms') ~ " || ' at first at '
            || " ~ amount_in_words('l.rate_u + l.initial_extra_u') ~ " || ' a minute'",
            'l.first_ms::HUGEINT * (l.rate_u + l.initial_extra_u)'
        ),
        charge_part(
            "l.charged = 'whole per_minute' and l.uncovered_ms > l.first_ms",
            seconds_in_words('l.uncovered_ms - l.first_ms') ~ " || ' at '
            || " ~ amount_in_words('l.rate_u') ~ " || ' a minute'",
            '(l.uncovered_ms - l.first_ms)::HUGEINT * l.rate_u'
        ),
    ]) }} || coalesce(s.charges, []) as charges,
from legs as l
left join stretches as s
    on
        l.call_id = s.call_id
        and l.attempt = s.attempt
        and l.source = s.source
        and l.day = s.day
        and l.side = s.side
