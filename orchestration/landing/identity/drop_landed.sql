-- A row that is equal to a landed one is nothing new.
delete from {table}
where rowid in (
    select r.rowid
    from {table} as r
    inner join landed_before as o on {same_identity} and {same_rest}
    where r.file_sequence = $sequence
);
