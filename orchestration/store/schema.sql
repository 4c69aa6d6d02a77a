-- What the warehouse holds besides the models that dbt builds: the landed rows, the books
-- that only grow, and the records of what was done. Run at every start; changes nothing that is there.

create schema if not exists landed;
create schema if not exists ops;
create schema if not exists config;
create schema if not exists marts;
create schema if not exists run;

-- What the running command asks of the models, whose arguments these tables are.

-- The instant it goes by (TOLLBOOK_NOW or the clock, UTC), and the version of the rules (orchestration/store/warehouse.py,
-- RULES): one row.
create table if not exists run.clock (now TIMESTAMP not null, rules INTEGER);

-- The days that a build makes anew; what an interrupted one leaves here the next one completes.
create table if not exists run.build_days (day DATE primary key);

-- The days that a close checks.
create table if not exists run.check_days (day DATE primary key);

-- The documents that it makes: an account's billing period (by its first day) each. `credit`: what is credited beside
-- adjustments, in the account's currency.
create table if not exists run.invoicing (
    document_id VARCHAR primary key,
    invoice_number VARCHAR,
    account_id VARCHAR not null,
    period_start DATE not null,
    credit DECIMAL(20, 8)
);

-- The deck that is reviewed, one row, and its rates (landed.rates without `deck`). `copies`: a later line says the same.
create table if not exists run.reviewed_deck (
    number INTEGER not null,
    effective_at TIMESTAMP not null,
    replaces_all BOOLEAN not null,
    limit_rate DECIMAL(20, 8),
    country_code VARCHAR,
    shown INTEGER
);

create table if not exists run.reviewed_rates (
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
    min_charge DECIMAL(20, 8),
    max_charge DECIMAL(20, 8),
    grace_s DECIMAL(12, 3),
    free_s DECIMAL(12, 3),
    blocked BOOLEAN not null,
    calling_prefix VARCHAR not null,
    jurisdiction VARCHAR not null,
    ended BOOLEAN not null,
    copies BOOLEAN not null
);

-- Compressing the three columns that hardly repeat took a third of a landing's time; without it a
-- call takes 70 bytes instead of 42 (5 M calls: 8.4 s and 11.4 s).
create table if not exists landed.cdrs (
    day DATE not null,
    source VARCHAR not null,
    call_id VARCHAR using compression uncompressed not null,
    attempt INTEGER not null,
    charged_at TIMESTAMP not null,
    started_at TIMESTAMP not null,
    answered_at TIMESTAMP,
    ended_at TIMESTAMP,
    duration_s DECIMAL(12, 3) not null,
    calling_number VARCHAR using compression uncompressed,
    called_number VARCHAR using compression uncompressed not null,
    routing_number VARCHAR,
    ingress_trunk VARCHAR,
    egress_trunk VARCHAR,
    disposition VARCHAR,
    hangup_cause VARCHAR,
    pdd_ms BIGINT,
    carrier_amount DECIMAL(20, 8),
    carrier_currency VARCHAR,
    carrier_billed_s DECIMAL(12, 3),
    extra VARCHAR,
    file_id VARCHAR not null,
    file_sequence BIGINT not null
);

-- CDRs that landed and do not count any more. Both versions of a superseded one are kept: the new one in landed.cdrs,
-- the old one here. Those of a file that was withdrawn have the number of the withdrawal (ops.withdrawals), and no
-- `superseded_by` where they counted until then.
create table if not exists landed.superseded_cdrs as
select *, '' as superseded_by from landed.cdrs limit 0;
alter table landed.superseded_cdrs add column if not exists withdrawal BIGINT;

create table if not exists landed.usage (
    day DATE not null,
    source VARCHAR not null,
    usage_id VARCHAR not null,
    occurred_at TIMESTAMP not null,
    account_id VARCHAR not null,
    service VARCHAR not null,
    quantity DECIMAL(20, 8) not null,
    extra VARCHAR,
    file_id VARCHAR not null,
    file_sequence BIGINT not null
);

create table if not exists landed.payments (
    day DATE not null,
    source VARCHAR not null,
    payment_id VARCHAR not null,
    paid_at TIMESTAMP not null,
    account_id VARCHAR not null,
    amount DECIMAL(20, 8) not null,
    currency VARCHAR not null,
    method VARCHAR,
    entered_by VARCHAR,
    extra VARCHAR,
    file_id VARCHAR not null,
    file_sequence BIGINT not null
);

create table if not exists landed.resources (
    day DATE not null,
    source VARCHAR not null,
    observed_at TIMESTAMP not null,
    account_id VARCHAR not null,
    resource VARCHAR not null,
    count DECIMAL(20, 8) not null,
    extra VARCHAR,
    file_id VARCHAR not null,
    file_sequence BIGINT not null
);

-- Other rows of files that were withdrawn.
create table if not exists landed.withdrawn_usage as select *, 0::BIGINT as withdrawal from landed.usage limit 0;
create table if not exists landed.withdrawn_payments as select *, 0::BIGINT as withdrawal from landed.payments limit 0;
create table if not exists landed.withdrawn_resources as select *, 0::BIGINT as withdrawal from landed.resources limit 0;

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

-- rows = landed + duplicates + rejected, always; superseded is a part of landed.
create table if not exists ops.files (
    file_id VARCHAR not null,
    kind VARCHAR not null,
    source VARCHAR not null,
    name VARCHAR not null,
    landed_at TIMESTAMP not null,
    rows BIGINT not null,
    landed BIGINT not null,
    duplicates BIGINT not null,
    rejected BIGINT not null,
    superseded BIGINT not null,
    dst_repeated BIGINT not null,
    dst_skipped BIGINT not null,
    file_sequence BIGINT not null,
    primary key (file_id, kind, source)
);

-- The sha256 of what is in the file, unpacked: null for files that landed before this was kept.
alter table ops.files add column if not exists content_id VARCHAR;

-- When it was withdrawn: its counts are those of when it landed. Landing it again makes the row anew.
alter table ops.files add column if not exists withdrawn_at TIMESTAMP;

-- Files that were taken back, each with what ops.files said of it. `file_sequence` is the withdrawal's own place in the
-- order of landing: the days that it changed are listed under it.
create table if not exists ops.withdrawals (
    withdrawal BIGINT primary key,
    file_id VARCHAR not null,
    kind VARCHAR not null,
    source VARCHAR not null,
    name VARCHAR not null,
    landed_at TIMESTAMP not null,
    rows BIGINT not null,
    landed BIGINT not null,
    duplicates BIGINT not null,
    rejected BIGINT not null,
    superseded BIGINT not null,
    withdrawn_at TIMESTAMP not null,
    operator VARCHAR not null,
    reason VARCHAR not null,
    file_sequence BIGINT not null
);

-- Other names that the bytes of a landed file came under: numbered files without calls are all alike.
create table if not exists ops.file_names (
    file_id VARCHAR not null,
    kind VARCHAR not null,
    source VARCHAR not null,
    name VARCHAR not null,
    seen_at TIMESTAMP not null,
    primary key (file_id, kind, source, name)
);

-- Which days a file put rows in (or took superseded ones out of): what a build has to look at. With 0 rows also the days
-- that a withdrawal changed, and those that a rejected row or a file that could not be read holds.
create table if not exists ops.file_days (
    file_id VARCHAR not null,
    kind VARCHAR not null,
    source VARCHAR not null,
    day DATE not null,
    rows BIGINT not null,
    file_sequence BIGINT not null
);

create table if not exists ops.rejected_rows (
    file_id VARCHAR not null,
    kind VARCHAR not null,
    source VARCHAR not null,
    line BIGINT not null,
    day DATE not null,
    reason VARCHAR not null,
    detail VARCHAR not null,
    raw VARCHAR,
    row_id VARCHAR,
    attempt INTEGER,
    file_sequence BIGINT not null
);

-- Files that could not be read at all, and the days that each holds until it is settled (marts.unsettled_files). The same
-- bytes that come again on another day are another one, which holds that day.
create table if not exists ops.unreadable_files (
    file_id VARCHAR not null,
    kind VARCHAR not null,
    source VARCHAR not null,
    name VARCHAR not null,
    seen_at TIMESTAMP not null,
    days DATE[] not null,
    problem VARCHAR not null,
    file_sequence BIGINT not null,
    primary key (file_sequence)
);

create table if not exists ops.waivers (
    waived_at TIMESTAMP not null,
    operator VARCHAR not null,
    day DATE not null,
    what VARCHAR not null,
    key VARCHAR not null,
    reason VARCHAR not null,
    amount DECIMAL(20, 8)
);

-- What the waived is worth (`amount`) is in `currency`; null: nobody can say. One that awaits a second operator settles
-- nothing until it is confirmed.
alter table ops.waivers add column if not exists currency VARCHAR;
alter table ops.waivers add column if not exists awaits_second BOOLEAN default false;
alter table ops.waivers add column if not exists confirmed_by VARCHAR;
alter table ops.waivers add column if not exists confirmed_at TIMESTAMP;

-- When the file that it was of was withdrawn: it settles nothing of the same bytes that land again.
alter table ops.waivers add column if not exists ended_at TIMESTAMP;

-- The configuration that config.* holds now: one row.
create table if not exists ops.configuration (version VARCHAR not null, loaded_at TIMESTAMP not null);

-- What columns config.* has (orchestration/configuration/load.py, shape); null: of a release that did not say so.
alter table ops.configuration add column if not exists shape VARCHAR;

-- The last booking day that was over when a configuration was loaded: it stays so, whatever booking_grace_days says then.
alter table ops.configuration add column if not exists booked_until DATE;

-- The models that the warehouse was last built with: one row.
create table if not exists ops.project (version VARCHAR not null);

-- What the lookups of prices were last made for (configuration, decks, models, days), and whether they all were.
create table if not exists ops.lookups (made_for VARCHAR not null, complete BOOLEAN not null);

create table if not exists ops.builds (
    day DATE primary key,
    build_no BIGINT not null,
    built_at TIMESTAMP not null,
    config VARCHAR not null,
    project VARCHAR not null,
    file_sequence BIGINT not null
);

-- The last deck that the day was built with: as with the configuration, another one makes open days anew.
alter table ops.builds add column if not exists deck INTEGER default 0;

-- One row each time a day is closed; the first has ordinal 1.
create table if not exists ops.closings (
    day DATE not null,
    ordinal INTEGER not null,
    closed_at TIMESTAMP not null,
    operator VARCHAR not null,
    config VARCHAR not null,
    file_sequence BIGINT not null,
    primary key (day, ordinal)
);

alter table ops.closings add column if not exists deck INTEGER default 0;
-- Written by releases that kept a list of changes instead of ops.outdated_days.
alter table ops.closings drop column if exists change_sequence;

-- What was found of the closed days whose closings were under another configuration, or other decks, than are loaded:
-- the rows that what the day was rated from is now different in, in words; null: none matters to it. `examined_for`: what
-- it was found for (configuration, decks, closings of the day).
create table if not exists ops.outdated_days (
    day DATE primary key,
    examined_for VARCHAR not null,
    because VARCHAR
);

-- The names (trunks, accounts, tables, services, ...) that a closed day's legs and usage asked the configuration for, so
-- that a change which speaks of none of them looks at no call. Filled when it is first wanted.
create table if not exists ops.day_keys (
    day DATE not null,
    ordinal INTEGER not null,
    what VARCHAR not null,
    key VARCHAR not null
);

-- The version of the rules that the day was rated and closed by; null is 1.
alter table ops.closings add column if not exists rules INTEGER;

create table if not exists ops.day_checks (
    day DATE not null,
    check_name VARCHAR not null,
    failing BIGINT not null,
    detail VARCHAR,
    checked_at TIMESTAMP not null,
    build_no BIGINT not null,
    primary key (day, check_name)
);

-- `error` holds a day back, `warn` does not; the assertion in words, and what to do where it does not hold.
alter table ops.day_checks add column if not exists severity VARCHAR default 'error';
alter table ops.day_checks add column if not exists words VARCHAR;
alter table ops.day_checks add column if not exists remedy VARCHAR;

-- The Parquet files (paths under TOLLBOOK_HOME) that tables made by the day consist of. Closing a day
-- seals its files: no build replaces them.
create table if not exists ops.stored_files (
    table_name VARCHAR not null,
    day DATE not null,
    path VARCHAR primary key,
    sealed BOOLEAN not null
);

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

-- What people are told of: a row each time the state of something they watch changed (kind `balance`: the status of an
-- account), written with the publication that shows it. Rows are added; only how far they are told of changes.
-- `delivery`: waiting, sent, or none where TOLLBOOK_ALERTS named nobody then. `sent_to` has the hashes of the URLs that
-- took it.
create table if not exists ops.alerts (
    alert_id BIGINT primary key,
    kind VARCHAR not null,
    subject VARCHAR not null,
    raised_at TIMESTAMP not null,
    account_id VARCHAR,
    from_status VARCHAR not null,
    to_status VARCHAR not null,
    balance DECIMAL(20, 8),
    available DECIMAL(20, 8),
    currency VARCHAR,
    text VARCHAR not null,
    delivery VARCHAR not null,
    sent_at TIMESTAMP,
    attempts INTEGER not null,
    error VARCHAR,
    sent_to VARCHAR[] not null
);

-- The last state of each thing that somebody was alerted of; without a row it is the usual one.
create table if not exists ops.alert_states (
    kind VARCHAR not null,
    subject VARCHAR not null,
    state VARCHAR not null,
    primary key (kind, subject)
);

-- Invoices and credit notes. An issued one is never changed; a draft (no number, `document_id` of its own) is replaced
-- by the next draft of the same account and period and goes when the invoice is issued. Amounts are what is
-- charged: above 0 the account owes it. `exact` is the sum of the lines, `net` that rounded to the minor unit.
create table if not exists ops.invoices (
    document_id VARCHAR primary key,
    invoice_number VARCHAR unique,
    kind VARCHAR not null,
    account_id VARCHAR not null,
    period_start DATE not null,
    period_end DATE not null,
    status VARCHAR not null,
    exact DECIMAL(20, 8) not null,
    net DECIMAL(20, 8) not null,
    tax_pct DECIMAL(20, 8) not null,
    tax DECIMAL(20, 8) not null,
    total DECIMAL(20, 8) not null,
    currency VARCHAR not null,
    issued_at TIMESTAMP not null,
    issued_on DATE not null,
    due_on DATE,
    operator VARCHAR not null,
    reason VARCHAR,
    checksum VARCHAR not null,
    csv_sha256 VARCHAR not null,
    pdf_sha256 VARCHAR not null
);

create table if not exists ops.invoice_lines (
    document_id VARCHAR not null,
    line INTEGER not null,
    kind VARCHAR not null,
    description VARCHAR not null,
    destination VARCHAR,
    service VARCHAR,
    day DATE,
    for_period DATE,
    rate_per_minute DECIMAL(20, 8),
    quantity DECIMAL(20, 8),
    unit_price DECIMAL(20, 8),
    currency VARCHAR not null,
    calls BIGINT,
    duration_s DECIMAL(18, 3),
    billed_s DECIMAL(18, 3),
    amount DECIMAL(20, 8) not null,
    primary key (document_id, line)
);

-- What allowances covered, and what the calls cost beyond the rate (price currency); null on documents of before.
alter table ops.invoice_lines add column if not exists covered_s DECIMAL(18, 3);
alter table ops.invoice_lines add column if not exists covered_amount DECIMAL(20, 8);
alter table ops.invoice_lines add column if not exists beyond_rate DECIMAL(20, 8);

-- The postings that an issued invoice or credit note is about, its own tax and rounding included: their sum is its
-- total. A posting is on at most one.
create table if not exists ops.invoice_entries (
    entry_id VARCHAR primary key,
    invoice_number VARCHAR not null
);
