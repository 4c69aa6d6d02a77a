-- The steps of each leg before its seconds, in words: whose it is, by which table, number and rate.

with numbered as (
    select
        l.*,
        n.prefixes,
        n.country_code,
        case
            when l.is_by_calling then 'calling'
            when l.is_by_routing and l.routing_number is not null then 'routing'
            else 'called'
        end as basis,
        case
            when l.is_by_calling then l.calling_number
            when l.is_by_routing and l.routing_number is not null then l.routing_number
            else l.called_number
        end as number,
    from {{ ref('explained_legs') }} as l
    left join {{ ref('source_numbering') }} as n on l.source = n.source
),

cleaned as (
    select
        *,
        {{ is_national('number', 'prefixes', 'country_code') }} as is_national,
    from numbered
)

select
    source,
    call_id,
    attempt,
    day,
    side,
    {{ steps_that_apply([
        leg_step(
            "status = 'none'",
            'leg',
            "case
                when reason = 'bad_number'
                    then 'no ' || side || ' leg: ' || called_number || ' is no number, and not_numbers of ' || source
                        || ' is ignore'
                when side = 'sell' then 'no sell leg: the call is sold on another of its attempts'
                else 'no buy leg: the call did not leave by a trunk'
            end"
        ),
        leg_step(
            "status <> 'none' and trunk_id is not null and account_id is not null",
            'trunk',
            "direction || ' trunk ' || trunk_id || ' is ' || account_id || '''s at ' || charged_at::VARCHAR"
        ),
        leg_step(
            'kind is not null',
            'table',
            "'rate table ' || rate_table_id || coalesce(' (' || rate_table_name || ')', '') || ' of ' || account_id
            || ', ' || replace(kind, '_', ' ') || ', in ' || currency"
        ),
        leg_step(
            'kind is not null and number is not null',
            'number',
            "basis || ' number ' || number
            || case
                when is_national and digits is not null then ', national in ' || country_code || ': ' || digits
                when digits <> number then ', cleaned ' || digits
                else ''
            end
            || coalesce(', ' || jurisdiction, '')"
        ),
        leg_step(
            'rate_no is not null',
            'rate',
            "case when rate_prefix = '' then 'default rate' else 'prefix ' || rate_prefix end
            || coalesce(' ' || rate_destination, '')
            || case when rate_calling_prefix <> '' then ', callers from ' || rate_calling_prefix else '' end
            || case when rate_jurisdiction <> '' then ', ' || rate_jurisdiction else '' end
            || case when band <> '' then ', band ' || band else '' end
            || case when blocked then ', blocked' else '' end
            || case when rate_valid_from > timestamp '0001-01-01'
                then ', in force from ' || rate_valid_from::VARCHAR else '' end
            || ', ' || rate_origin"
        ),
    ]) }} as steps,
from cleaned
