-- Whom a trunk belongs to and which rate tables that account has, by validity: one row for each
-- span of time in which none of it changes. [valid_from, valid_to), UTC. An account that has ended has no trunks.

with trunks as (
    select
        t.trunk_id,
        t.direction,
        t.account_id,
        coalesce(t.valid_from, timestamp '0001-01-01') as valid_from,
        least(t.valid_to, a.valid_to, timestamp '9999-12-31') as valid_to,
    from {{ ref('stg_trunks') }} as t
    left join {{ ref('stg_accounts') }} as a on t.account_id = a.account_id
    where t.valid_from is null or a.valid_to is null or t.valid_from < a.valid_to
),

assignments as (
    select
        account_id,
        side,
        rate_table_id,
        coalesce(valid_from, timestamp '0001-01-01') as valid_from,
        coalesce(valid_to, timestamp '9999-12-31') as valid_to,
    from {{ ref('stg_rate_assignments') }}
),

assignment_edges as (
    select account_id, valid_from as edge from assignments
    union
    select account_id, valid_to from assignments
),

edges as (
    select trunk_id, direction, account_id, valid_from, valid_to, valid_from as edge
    from trunks

    union

    select t.trunk_id, t.direction, t.account_id, t.valid_from, t.valid_to, e.edge
    from trunks as t
    inner join assignment_edges as e
        on t.account_id = e.account_id and t.valid_from < e.edge and t.valid_to > e.edge
),

spans as (
    select
        trunk_id,
        direction,
        account_id,
        edge as valid_from,
        lead(edge, 1, valid_to) over (
            partition by trunk_id, direction, valid_from order by edge
        ) as valid_to,
    from edges
)

select
    s.trunk_id,
    s.direction,
    s.valid_from,
    s.valid_to,
    s.account_id,
    a.kind as account_kind,
    a.currency as account_currency,
    sell.rate_table_id as sell_rate_table_id,
    buy.rate_table_id as buy_rate_table_id,
from spans as s
left join {{ ref('stg_accounts') }} as a on s.account_id = a.account_id
left join assignments as sell
    on
        s.account_id = sell.account_id
        and sell.side = 'sell'
        and s.valid_from >= sell.valid_from
        and s.valid_from < sell.valid_to
left join assignments as buy
    on
        s.account_id = buy.account_id
        and buy.side = 'buy'
        and s.valid_from >= buy.valid_from
        and s.valid_from < buy.valid_to
