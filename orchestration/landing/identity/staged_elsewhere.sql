-- A staged payment that landed from another source is in conflict with that one, where its own source has it not yet.
update staged as s
set state = 'conflict', detail = e.detail
from (
    select
        r.line,
        arg_min(
            rtrim(rtrim(o.amount::VARCHAR, '0'), '.') || ' ' || o.currency || ' of ' || o.account_id || ' ('
            || o.payment_id || ', ' || o.day || ') landed from ' || o.source || ' already'
            || coalesce(', entered by ' || o.entered_by, '') || ', on ' || strftime(o.landed_at, '%Y-%m-%d %H:%M')
            || ' UTC: where it is the same payment, waive this row; where it is another, land the file so: ' || {again} || '; where '
            || 'that one is wrong, take it back: tollbook withdraw ' || o.file_id[:12] || ' --reason TEXT',
            (o.landed_at, o.source)
        ) as detail,
    from staged as r
    inner join paid_elsewhere as o on {same_payment}
    where not exists (select 1 from standing as o where {same_identity} and {same_rest})
    group by r.line
) as e
where s.line = e.line and s.state = '';
