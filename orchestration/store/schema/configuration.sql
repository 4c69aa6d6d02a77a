-- The configuration that config.* holds now: one row.
create table if not exists ops.configuration (version VARCHAR not null, loaded_at TIMESTAMP not null);

-- What columns config.* has (orchestration/configuration/load.py, shape); null: of a release that did not say so.
alter table ops.configuration add column if not exists shape VARCHAR;

-- The last booking day that was over when a configuration was loaded: it stays so, whatever booking_grace_days says then.
alter table ops.configuration add column if not exists booked_until DATE;

-- The models that the warehouse was last built with: one row.
create table if not exists ops.project (version VARCHAR not null);
