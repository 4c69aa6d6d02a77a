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

-- The sha256 of the serving file as it was published last, and before: a command that is killed while it takes the other's
-- place leaves either.
create table if not exists run.publications (number BIGINT not null, sha256 VARCHAR not null);

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

-- The rows behind the document whose evidence is asked for (marts.invoice_calls), numbered in order, and whose it is.
create table if not exists run.evidence_rows (
    row_no BIGINT not null,
    line INTEGER,
    kind VARCHAR not null,
    source VARCHAR,
    call_id VARCHAR,
    attempt INTEGER,
    day DATE,
    charged_at TIMESTAMP,
    calling_number VARCHAR,
    called_number VARCHAR,
    service VARCHAR,
    destination VARCHAR,
    rate_table_id VARCHAR,
    prefix VARCHAR,
    band VARCHAR,
    rate_per_minute DECIMAL(20, 8),
    quantity DECIMAL(20, 8),
    unit_price DECIMAL(20, 8),
    duration_s DECIMAL(12, 3),
    billed_s DECIMAL(12, 3),
    amount DECIMAL(20, 8),
    currency VARCHAR,
    account_amount DECIMAL(20, 8),
    covered_s DECIMAL(12, 3),
    covered_amount DECIMAL(20, 8),
    account_id VARCHAR not null,
    account_currency VARCHAR not null
);
