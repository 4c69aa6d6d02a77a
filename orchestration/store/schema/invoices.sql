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
