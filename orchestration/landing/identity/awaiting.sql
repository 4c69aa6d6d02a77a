-- A staged refund or write-off that would land waits for a second operator, where it is worth more than one may enter.
update staged as r
set
    state = 'awaits_second',
    detail = 'a ' || r.method || ' of ' || rtrim(rtrim(abs(r.amount)::VARCHAR, '0'), '.') || ' ' || r.currency || ' of '
    || r.account_id || ' is above the refund_limit, or nobody can say what it is worth: it counts when a second operator '
    || 'confirms it: tollbook confirm-payment ' || r.file_id[:12] || ':' || r.line
where r.state = 'landed' and {awaits_second};
