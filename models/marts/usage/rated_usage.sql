-- Usage and subscriptions as they were charged. A closed day keeps its stored rows, but those that were withdrawn; late
-- ones are added.
{{ config(
    materialized='daily',
    kept='rows',
    outdated_rows="(
        file_sequence > coalesce(
            (select k.file_sequence from staging.stg_closings as k where k.day = rated_usage.day), -1
        )
        or exists (
            select 1
            from landed.withdrawn_usage as w
            where
                w.day = rated_usage.day
                and w.source = rated_usage.source
                and w.usage_id = rated_usage.usage_id
                and w.file_sequence = rated_usage.file_sequence
        )
    )"
) }}

select
    u.kind,
    u.source,
    u.usage_id,
    u.day,
    u.occurred_at,
    u.account_id,
    u.service,
    u.quantity,
    u.days,
    u.of_days,
    u.unit_price,
    u.amount,
    u.currency,
    u.account_amount,
    u.account_currency,
    u.reporting_amount,
    u.status,
    u.reason,
    u.file_sequence,
from {{ ref('charged_usage') }} as u
anti join {{ this }} as stored
    on u.day = stored.day and u.source = stored.source and u.usage_id = stored.usage_id
