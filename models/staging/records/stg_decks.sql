select
    deck,
    file_id,
    source,
    name,
    accepted_at,
    operator,
from {{ source('ops', 'decks') }}
