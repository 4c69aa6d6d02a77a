{#-
  The rates of rates.csv (deck 0) and of accepted decks as a query, with `valid_to` as later decks make it. A full
  deck ends every older rate of its table: at the first valid_from that it has for the same prefix, and where it has
  none at its effective date. In a partial deck only a row that says so (`ended`) ends the older ones of its prefix.

  With `from_instant` (an SQL expression) decks that a full one has replaced by then are left out: what is
  looked at does not grow with the decks of the past. Other decks than the accepted ones are given as two relations,
  as stg_deck_rates and stg_deck_tables are.
-#}
{% macro rates_with_ends(from_instant=none, deck_rates=none, deck_tables=none) -%}
    {%- set deck_rates = deck_rates or ref('stg_deck_rates') -%}
    {%- set deck_tables = deck_tables or ref('stg_deck_tables') -%}
    with settled as (
        select rate_table_id, max(deck) as deck
        from {{ deck_tables }}
        where replaces_all and settled_at <= {{ from_instant or "timestamp '0001-01-01'" }}
        group by rate_table_id
    ),

    rows as (
        select
            * replace (coalesce(valid_from, timestamp '0001-01-01') as valid_from),
            0 as deck,
            false as ended,
        from {{ ref('stg_rates') }}

        union all by name

        select * from {{ deck_rates }}
    ),

    live as (
        select r.*
        from rows as r
        left join settled as s on r.rate_table_id = s.rate_table_id
        where r.deck >= coalesce(s.deck, 0)
    ),

    -- what a deck says of when older rates of a prefix end
    said as (
        select
            r.rate_table_id,
            r.prefix,
            r.deck,
            min(r.valid_from) filter (where r.ended or d.replaces_all) as ends_at,
        from live as r
        inner join {{ deck_tables }} as d on r.deck = d.deck and r.rate_table_id = d.rate_table_id
        group by r.rate_table_id, r.prefix, r.deck
    ),

    ends as (
        select
            r.rate_table_id,
            r.prefix,
            r.deck,
            min(case when d.replaces_all then coalesce(s.ends_at, d.effective_at) else s.ends_at end) as ends_at,
        from (select distinct rate_table_id, prefix, deck from live) as r
        inner join {{ deck_tables }} as d on r.rate_table_id = d.rate_table_id and r.deck < d.deck
        left join said as s on d.deck = s.deck and r.rate_table_id = s.rate_table_id and r.prefix = s.prefix
        group by r.rate_table_id, r.prefix, r.deck
    )

    select
        r.* exclude (ended)
            replace (
                least(
                    coalesce(r.valid_to, timestamp '9999-12-31'), coalesce(e.ends_at, timestamp '9999-12-31')
                ) as valid_to
            ),
    from live as r
    left join ends as e on r.rate_table_id = e.rate_table_id and r.prefix = e.prefix and r.deck = e.deck
    where not r.ended
{%- endmacro %}
