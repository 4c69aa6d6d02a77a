select
    deck,
    rate_table_id,
    replaces_all,
    effective_at,
    settled_at,
from {{ source('ops', 'deck_tables') }}
