-- Temp tables conflicts, the rows that do not land, and replaced, the days that lost a row; both may stay empty.
create or replace temp table conflicts (
    line BIGINT, day DATE, raw VARCHAR, row_id VARCHAR, attempt INTEGER, reason VARCHAR, detail VARCHAR
);

create or replace temp table replaced (day DATE);
