{#-
  The steps from a call's duration to its charge (docs/rating.md), each for one side of a call. Rate tables
  and rates are brought into a form where what they leave out changes nothing (rate_table_terms,
  rate_terms), so that every step is one formula for all of them.
-#}

{#-
  The duration that counts, ms: rounded to whole seconds, less the free seconds, never below 0.
  `second_ms` is 1000 (1: durations are not rounded), `second_offset_ms` what rounding adds before
  it cuts: 999 up, 500 half_up, 499 half_down, 0 down.
-#}
{% macro chargeable_ms(duration_ms, second_ms, second_offset_ms, free_ms) -%}
    greatest(
        0, ({{ duration_ms }} + {{ second_offset_ms }}) // {{ second_ms }} * {{ second_ms }} - {{ free_ms }}
    )
{%- endmacro %}


{#-
  Billed ms of a chargeable duration `d` (ms, above 0): the initial period, then whole increments counted from
  `pulse_from_ms` (the end of the initial period, or the start of the call). No pulse is a pulse of
  1 ms, since nothing is finer.
-#}
{% macro billed_ms(d, initial_ms, increment_ms, pulse_from_ms) -%}
    (case
        when {{ d }} <= {{ initial_ms }} then {{ initial_ms }}
        else {{ pulse_from_ms }}
            + ({{ d }} - {{ pulse_from_ms }} + {{ increment_ms }} - 1) // {{ increment_ms }} * {{ increment_ms }}
    end)
{%- endmacro %}


{#-
  What a per_minute or block leg costs, exactly, in 1/60000 units of 1e-8 (rates are per 60000 ms).
  `initial_extra_u` is what the initial period costs per minute above the rate; a block table has
  no rates but `initial_charge_u` and `increment_charge_u`.
-#}
{% macro exact_charge(side) -%}
    (
        60000::HUGEINT * {{ side }}_fixed_u
        + {{ side }}_rate_u::HUGEINT * {{ side }}_billed_ms
        + case
            when {{ side }}_initial_extra_u = 0 then 0
            else {{ side }}_initial_extra_u::HUGEINT * least({{ side }}_billed_ms, {{ side }}_initial_ms)
        end
        + case
            when {{ side }}_increment_charge_u = 0 then 0
            else 60000::HUGEINT * {{ side }}_increment_charge_u
                * (({{ side }}_billed_ms - {{ side }}_initial_ms) // {{ side }}_increment_ms)
        end
    )
{%- endmacro %}


{#-
  The same where a consumption profile covers the first `covered_ms` and not all of what is billed: the seconds
  after them, each at the rate of its own place, and the blocks that begin after them. The connect charge is due.
-#}
{% macro exact_charge_after(side, covered_ms) -%}
    (
        60000::HUGEINT * {{ side }}_connect_u
        + {{ side }}_rate_u::HUGEINT * ({{ side }}_billed_ms - {{ covered_ms }})
        + {{ side }}_initial_extra_u::HUGEINT
        * greatest(0, least({{ side }}_billed_ms, {{ side }}_initial_ms) - {{ covered_ms }})
        + case
            when {{ side }}_increment_charge_u = 0 then 0
            else 60000::HUGEINT * {{ side }}_increment_charge_u * (
                ({{ side }}_billed_ms - {{ side }}_initial_ms) // {{ side }}_increment_ms
                - greatest(
                    0, ({{ covered_ms }} - {{ side }}_initial_ms + {{ side }}_increment_ms - 1) // {{ side }}_increment_ms
                )
            )
        end
    )
{%- endmacro %}


{#- What a leg costs that is cut at band edges: each part after the first `covered_ms` at its own rate. -#}
{% macro exact_charge_of_parts(side, covered_ms) -%}
    (
        60000::HUGEINT * {{ side }}_connect_u
        + coalesce(list_sum(list_transform(
            {{ side }}_parts, lambda p: p.rate_u::HUGEINT * greatest(0, p.to_ms - greatest(p.from_ms, {{ covered_ms }}))
        )), 0)::HUGEINT
    )
{%- endmacro %}


{#- Whether some part of a call that is cut at band edges is so; null where it is not cut. -#}
{% macro any_part(side, is_so) -%}
    (len(list_filter({{ side }}_parts, lambda p: p.{{ is_so }})) > 0)
{%- endmacro %}


{#-
  The parts of a call's billed ms in stretches of one band (`runs`, from band_runs), in order: band, from_ms and
  to_ms in the call, and of the rate of that band (the first of `choices` that holds in it; null where none does)
  rate_no, rate_u, blocked and charges (whether it charges at all). A second belongs to the band that it starts
  in, so that the cut is at the first whole second of the call after an edge.
-#}
{% macro cut_at_band_edges(runs, start_us, billed_ms, choices) -%}
    list_transform(
        list_filter(
            list_transform(
                {{ runs }},
                lambda r: struct_pack(
                    band := r.band,
                    from_ms := greatest(0, (r.starts_us - {{ start_us }} + 999999) // 1000000) * 1000,
                    to_ms := least({{ billed_ms }}, greatest(0, (r.ends_us - {{ start_us }} + 999999) // 1000000) * 1000),
                    choice := ({{ choices_of_band(choices, 'r.band') }})[1]
                )
            ),
            lambda p: p.to_ms > p.from_ms
        ),
        lambda p: struct_pack(
            band := p.band,
            from_ms := p.from_ms,
            to_ms := p.to_ms,
            rate_no := p.choice.rate_no,
            rate_u := p.choice.rate_u,
            blocked := coalesce(p.choice.blocked, false),
            charges := not p.choice.blocked or p.choice.has_price
        )
    )
{%- endmacro %}


{#- A charge held between the table's min_charge and max_charge; a null charge stays null. -#}
{% macro bound_charge(charge, min_u, max_u) -%}
    (case when {{ charge }} is not null then least(greatest({{ charge }}, {{ min_u }}), {{ max_u }}) end)
{%- endmacro %}
