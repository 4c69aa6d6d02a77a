-- A staged CDR that is equal to one which was superseded is a duplicate.
update staged as r
set state = 'duplicate'
where r.state = '' and exists (select 1 from superseded_before as o where {same_identity} and {same_rest});
