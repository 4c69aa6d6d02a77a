-- Append-only. marts.ledger_entries shows it.
create table if not exists ops.ledger_entries (
    entry_id VARCHAR primary key,
    account_id VARCHAR not null,
    day DATE not null,
    period DATE not null,
    booked_on DATE not null,
    posted_at TIMESTAMP not null,
    kind VARCHAR not null,
    service VARCHAR,
    amount DECIMAL(20, 8) not null,
    currency VARCHAR not null,
    reference VARCHAR,
    reason VARCHAR
);

-- What calls, usage and subscriptions an adjustment is about; of a first posting it is the kind.
alter table ops.ledger_entries add column if not exists fact VARCHAR;

-- The journal's lines that took effect (archive/journal/journal.jsonl), each noted in the transaction it is about.
create table if not exists ops.journal (
    n BIGINT primary key,
    done_at TIMESTAMP not null,
    operator VARCHAR not null,
    action VARCHAR not null,
    arguments VARCHAR not null
);

-- The sha256 of the line's bytes; null for those of releases before there was a chain.
alter table ops.journal add column if not exists sha256 VARCHAR;
