-- Where each rate in force stands: the line of rates.csv or of an accepted deck.

select
    r.rate_no,
    r.deck,
    r.line,
    case
        when d.deck is null then 'rates.csv'
        else 'deck ' || d.deck || ' (' || d.name || ' of ' || d.source || ')'
    end || ' line ' || r.line as origin,
from {{ ref('rate_terms') }} as r
left join {{ ref('stg_decks') }} as d on r.deck = d.deck
