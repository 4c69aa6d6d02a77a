-- The prices of accepted rate decks, beside those of seeds/rates.csv. Rows are added and never changed; when an
-- older price ends because of a later deck is worked out from ops.deck_tables (models/rating/lookups). `ended`:
-- the prefix is not offered any more; the row has no price and only ends what there was.
create table if not exists landed.rates (
    deck INTEGER not null,
    line INTEGER not null,
    rate_table_id VARCHAR not null,
    prefix VARCHAR not null,
    destination VARCHAR,
    band VARCHAR not null,
    valid_from TIMESTAMP not null,
    valid_to TIMESTAMP,
    rate_per_minute DECIMAL(20, 8),
    initial_rate_per_minute DECIMAL(20, 8),
    initial_s DECIMAL(12, 3),
    increment_s DECIMAL(12, 3),
    initial_charge DECIMAL(20, 8),
    increment_charge DECIMAL(20, 8),
    connect_charge DECIMAL(20, 8),
    markup_pct DECIMAL(20, 8),
    blocked BOOLEAN not null,
    calling_prefix VARCHAR not null,
    jurisdiction VARCHAR not null,
    ended BOOLEAN not null
);

-- What a price may say instead of its table; null inherits, 0 is none.
alter table landed.rates add column if not exists min_charge DECIMAL(20, 8);
alter table landed.rates add column if not exists max_charge DECIMAL(20, 8);
alter table landed.rates add column if not exists grace_s DECIMAL(12, 3);
alter table landed.rates add column if not exists free_s DECIMAL(12, 3);

-- Accepted rate decks in order of acceptance (1, 2, ...; 0 is seeds/rates.csv). `mapping` is the sha256 of the
-- file that said how to read the deck, null for canonical ones; it is kept in the archive beside the deck.
create table if not exists ops.decks (
    deck INTEGER primary key,
    file_id VARCHAR not null,
    source VARCHAR not null,
    name VARCHAR not null,
    accepted_at TIMESTAMP not null,
    operator VARCHAR not null,
    mapping VARCHAR
);

-- The rate tables that a deck speaks of. A full deck (`replaces_all`) ends every older price of the table: at the
-- first valid_from that the deck has for the same prefix, and where it has none at `effective_at`.
-- `settled_at` is the last of these instants: from then on nothing older is in force.
create table if not exists ops.deck_tables (
    deck INTEGER not null,
    rate_table_id VARCHAR not null,
    replaces_all BOOLEAN not null,
    effective_at TIMESTAMP not null,
    settled_at TIMESTAMP not null,
    primary key (deck, rate_table_id)
);
