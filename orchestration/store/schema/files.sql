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

-- Rejected rows (`line`), and files that could not be read (null), that a later file of the kind and source has corrected
-- although no identity tells it: by what its lines say, or because somebody said so (land --corrects). What a file had
-- corrected goes with it when it is withdrawn.
create table if not exists ops.corrections (
    file_id VARCHAR not null,
    kind VARCHAR not null,
    source VARCHAR not null,
    line BIGINT,
    corrected_by VARCHAR not null,
    corrected_at TIMESTAMP not null
);
