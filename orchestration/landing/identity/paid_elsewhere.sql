-- Temp view paid_elsewhere: the payments that landed from other sources, and when. By rules of before 5 nobody looked.
create or replace temp view paid_elsewhere as
select p.payment_id, p.account_id, p.amount, p.currency, p.day, p.source, p.entered_by, p.file_id, f.landed_at
from landed.payments as p
inner join ops.files as f on p.file_id = f.file_id and p.source = f.source and f.kind = 'payments'
where p.source <> {source} and (select coalesce(rules, 1) from run.clock) > 4;
