-- A CDR that is equal to one which was superseded is nothing new.
delete from {table}
where rowid in (
    select r.rowid
    from {table} as r
    inner join superseded_before as o on {same_identity} and {same_rest}
    where r.file_sequence = $sequence
);
