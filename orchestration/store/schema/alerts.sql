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
