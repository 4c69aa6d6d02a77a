-- The ledger entries booked from gl_first to gl_last as postings of the general ledger, from `chart`
-- (accounting/chart.csv) and what is published. An entry is between the account's control account and a contra
-- account: below 0 (the account owes it) debits the control account, above 0 credits it. Of the chart's rows that fit,
-- one that names the service goes first, then the kind of account, then the sign. An adjustment without a row of its
-- own goes where what it corrects goes (calls, usage, subscription). No row: the accounts are null.
create or replace temp table gl_postings as
with entries as (
    select
        e.*,
        a.kind as account_kind,
        if(e.amount < 0, 'negative', 'positive') as sign,
    from marts.ledger_entries as e
    left join config.accounts as a on e.account_id = a.account_id
    where e.booked_on between getvariable('gl_first') and getvariable('gl_last') and e.amount <> 0
),

fitting as (
    select
        e.*,
        c.control_account,
        c.contra_account,
        c.text,
        row_number() over (
            partition by e.entry_id
            order by
                c.kind = e.kind desc,
                c.service is not null desc,
                c.account_kind is not null desc,
                c.sign is not null desc
        ) as choice,
    from entries as e
    left join chart as c
        on
            (e.kind = c.kind or (e.kind = 'adjustment' and e.fact = c.kind))
            and (c.account_kind is null or e.account_kind = c.account_kind)
            and (c.service is null or e.service = c.service)
            and (c.sign is null or e.sign = c.sign)
)

select
    f.entry_id,
    f.booked_on,
    if(f.amount < 0, f.control_account, f.contra_account) as debit_account,
    if(f.amount < 0, f.contra_account, f.control_account) as credit_account,
    abs(f.amount)::DECIMAL(20, 8) as amount,
    f.currency,
    f.account_id,
    f.account_kind,
    f.kind,
    f.service,
    f.sign,
    f.reference,
    concat_ws(': ', f.text, s.text) as text,
from fitting as f
inner join marts.statement_entries as s on f.entry_id = s.entry_id
where f.choice = 1;

-- Each posting as two rows of one amount, in the order of the file.
create or replace temp table gl_rows as
select
    entry_id as journal_id,
    booked_on as date,
    unnest(['debit', 'credit']) as side,
    unnest([debit_account, credit_account]) as gl_account,
    amount,
    currency,
    account_id,
    kind,
    service,
    reference,
    text,
from gl_postings
order by date asc, account_id asc, journal_id asc, side desc;
