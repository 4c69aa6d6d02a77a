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

-- How much it settled when it was given; and how much it settles, and what that is worth, as its day was checked last
-- (`weighed_at`).
alter table ops.waivers add column if not exists settled BIGINT;
alter table ops.waivers add column if not exists settles BIGINT;
alter table ops.waivers add column if not exists worth DECIMAL(20, 8);
alter table ops.waivers add column if not exists weighed_at TIMESTAMP;

-- Whose it is: different sources use the same ids. Null: of every kind, of every source, as all were in earlier releases.
alter table ops.waivers add column if not exists kind VARCHAR;
alter table ops.waivers add column if not exists source VARCHAR;

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

-- What tells whether a file is as it was written (orchestration/engine/stored.py): its bytes and their sha256; of a
-- sealed one its rows and, as JSON, the sums of its decimals by currency. Null for files of releases before that.
alter table ops.stored_files add column if not exists bytes BIGINT;
alter table ops.stored_files add column if not exists sha256 VARCHAR;
alter table ops.stored_files add column if not exists rows BIGINT;
alter table ops.stored_files add column if not exists sums VARCHAR;
