-- What is posted and accrued for the day equals, account by account, the sum of its rated legs and usage.
{{ config(meta={'dagster': {'ref': {'name': 'account_charges_daily'}}}) }}

with facts as (
    select day, sell_account_id as account_id, -sum(sell_account_amount) as amount
    from {{ ref('rated_calls') }}
    where day in {{ checked_days() }} and sell_status = 'rated' and sell_account_id is not null
    group by day, sell_account_id

    union all

    select day, buy_account_id as account_id, sum(buy_account_amount) as amount
    from {{ ref('rated_calls') }}
    where day in {{ checked_days() }} and buy_status = 'rated' and buy_account_id is not null
    group by day, buy_account_id

    union all

    select day, account_id, -sum(account_amount) as amount
    from {{ ref('rated_usage') }}
    where day in {{ checked_days() }} and status = 'rated'
    group by day, account_id
),

books as (
    select day, account_id, amount
    from {{ ref('ledger_entries') }}
    where day in {{ checked_days() }} and fact is not null

    union all

    select day, account_id, amount
    from {{ ref('ledger_due') }}
    where day in {{ checked_days() }}
),

compared as (
    select
        day,
        account_id,
        coalesce(sum(fact), 0) as facts,
        coalesce(sum(book), 0) as books,
    from (
        select day, account_id, amount as fact, 0 as book from facts
        union all
        select day, account_id, 0 as fact, amount as book from books
    ) as both_sides
    group by day, account_id
)

select
    day,
    account_id as key,
    'account ' || account_id || ': '
    || {{ differs('amount', 'its calls and usage', 'facts', 'the books', 'books') }} as detail,
from compared
where facts <> books
