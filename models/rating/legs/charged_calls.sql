-- What each side of an attempt is billed and costs, rounded once, in the rate table's currency: `_u` in units
-- of 1e-8, null where the side cannot be rated (`problem` says why), and of a markup, which comes after. The steps are
-- those of docs/rating.md.
{% set sides = ['sell', 'buy'] %}

with judged as (
    select
        *,
        {{ to_ms('duration_s') }} as duration_ms,
        {% for side in sides %}
            {{ leg_problem(side) }} as {{ side }}_problem,
        {% endfor %}
    from {{ ref('matched_calls') }}
),

timed as (
    select
        *,
        {% for side in sides %}
            coalesce(is_ignored and {{ side }}_problem = 'bad_number', false) as {{ side }}_is_ignored,
            answered and duration_ms > {{ side }}_grace_ms as {{ side }}_past_grace,
            {{ chargeable_ms('duration_ms', side ~ '_second_ms', side ~ '_second_offset_ms', side ~ '_free_ms') }}
                as {{ side }}_chargeable_ms,
        {% endfor %}
    from judged
),

billed as (
    select
        *,
        {% for side in sides %}
            case
                when {{ side }}_is_given then coalesce({{ to_ms('carrier_billed_s') }}, duration_ms)
                when not coalesce({{ side }}_past_grace, false) or {{ side }}_chargeable_ms = 0 then 0
                else {{ billed_ms(
                    side ~ '_chargeable_ms', side ~ '_initial_ms', side ~ '_increment_ms', side ~ '_pulse_from_ms'
                ) }}
            end as {{ side }}_billed_ms,
        {% endfor %}
    from timed
),

-- of tables that cut calls at band edges, where one rate does not do for all bands
cut as (
    select
        b.* exclude (sell_choices, buy_choices), -- noqa: RF02
        {% for side in sides %}
            case when r_{{ side }}.runs is not null then {{ cut_at_band_edges(
                'r_' ~ side ~ '.runs', 'epoch_us(b.charged_at)', 'b.' ~ side ~ '_billed_ms', 'b.' ~ side ~ '_choices'
            ) }} end as {{ side }}_parts,
        {% endfor %}
    from billed as b
    {% for side in sides %}
        left join {{ ref('band_runs') }} as r_{{ side }}
            on
                case when b.{{ side }}_splits and b.{{ side }}_choices is not null then b.{{ side }}_table_no end
                = r_{{ side }}.table_no
                and b.day = r_{{ side }}.day
    {% endfor %}
),

-- a band it touches may have no rate, or be blocked
parted as (
    select
        * replace (
            {% for side in sides %}
                {{ problem_of_parts(side) }} as {{ side }}_problem,
                case
                    when {{ side }}_parts is null then {{ side }}_blocked
                    else {{ side }}_blocked or {{ any_part(side, 'blocked') }}
                end as {{ side }}_blocked{{ ',' if not loop.last }}
            {% endfor %}
        ),
    from cut
),

-- the exact charge in 1/60000 units, doubled and with what rounding adds: see divide_rounded
exact as (
    select
        *,
        {% for side in sides %}
            {{ side }}_charge_offset + 2 * case
                when {{ side }}_problem is not null or {{ side }}_is_markup then null
                when {{ side }}_is_given then 60000 * {{ to_units('carrier_amount') }}
                when not answered then 60000 * {{ side }}_attempt_u -- noqa: RF03
                when not {{ side }}_past_grace then 0
                when {{ side }}_chargeable_ms = 0 then 60000::HUGEINT * {{ side }}_connect_u
                when {{ side }}_parts is not null then {{ exact_charge_of_parts(side, '0') }}
                else {{ exact_charge(side) }}
            end as {{ side }}_exact,
        {% endfor %}
    from parted
),

rounded as (
    select
        *,
        {% for side in sides %}
            {{ divide_rounded(side ~ '_exact', side ~ '_charge_divisor', side ~ '_is_half_even') }}
            * {{ side }}_amount_unit as {{ side }}_rounded_u,
        {% endfor %}
    from exact
)

select
    * exclude (sell_exact, buy_exact),
    {% for side in sides %}
        case
            when {{ side }}_past_grace
                then {{ bound_charge(side ~ '_rounded_u', side ~ '_min_u', side ~ '_max_u') }}
            else {{ side }}_rounded_u
        end as {{ side }}_charged_u,
    {% endfor %}
from rounded
