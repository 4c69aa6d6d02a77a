-- Ledger entries whose id is not that of what they say: somebody, or something, has altered them. Equal entries are
-- told apart by how many come before them, in any order: what is asked is whether the ids are those that there must be.

with entries as (
    select
        entry_id,
        account_id,
        day,
        period,
        kind,
        service,
        amount,
        currency,
        reference,
        row_number() over equal_ones - 1 as ordinal,
    from {{ ref('stg_ledger_entries') }}
    window equal_ones as (
        partition by account_id, day, period, kind, service, amount, currency, reference order by entry_id
    )
),

named as (
    select {{ entry_id('ordinal') }} as entry_id
    from entries
)

select
    e.entry_id,
    e.account_id,
    e.day,
    e.kind,
    e.amount,
    e.currency,
from entries as e
anti join named as n on e.entry_id = n.entry_id
