-- What is out of the ordinary, a row for each rule, account and hour, with the figures that say so. Made with the day,
-- so that it is there as soon as the calls are.
{{ config(materialized='daily', kept='rows') }}

with hours as (
    select
        *,
        {{ divide_half_up('part', 'whole') }} as observed_u,
        {{ divide_half_up('part_before', 'whole_before') }} as expected_u,
        {{ divide_half_up('limit_part', 'limit_whole') }} as threshold_u,
    from {{ ref('hour_anomalies') }}
),

found as (
    select
        rule,
        account_id,
        day,
        hour,
        null as destination,
        {{ from_units('observed_u') }} as observed,
        {{ from_units('expected_u') }} as expected,
        {{ from_units('threshold_u') }} as threshold,
        calls,
        {{ from_units('spent_u') }} as amount,
        weeks,
        hour::VARCHAR as key,
        case rule when 'spend' then 'spend' when 'asr' then 'answer ratio' else 'average duration' end as what,
        case when rule = 'spend' and observed_u >= 2 * threshold_u then 'high' else 'medium' end as severity,
    from hours

    union all by name

    select
        'new_destination' as rule,
        account_id,
        day,
        hour,
        destination,
        amount as observed,
        0 as expected,
        {{ threshold('destination_amount') }} as threshold,
        calls,
        amount,
        weeks,
        day || '|' || destination as key,
        connected || ' connected calls to ' || destination || ' for ' || {{ plainly('amount') }} as words,
        'medium' as severity,
    from {{ ref('new_destinations') }}

    union all by name

    select
        'burst' as rule,
        account_id,
        day,
        hour,
        destination,
        amount as observed,
        expected,
        least_amount as threshold,
        calls,
        amount,
        weeks,
        hour::VARCHAR as key,
        calls || ' high-cost calls (the dearest to ' || coalesce(destination, 'no named destination') || ') for '
        || {{ plainly('amount') }} as words,
        'high' as severity,
        first_at,
        last_at,
    from {{ ref('bursts') }}
)

select
    sha256(concat_ws('|', f.rule, f.account_id, f.key)) as anomaly_id,
    f.rule,
    f.account_id,
    f.day,
    f.hour,
    f.destination,
    f.observed::DECIMAL(20, 8) as observed,
    f.expected::DECIMAL(20, 8) as expected,
    f.threshold::DECIMAL(20, 8) as threshold,
    case f.rule when 'asr' then 'ratio' when 'acd' then 'seconds' else c.reporting_currency end as unit,
    f.calls::BIGINT as calls,
    f.amount::DECIMAL(20, 8) as amount,
    c.reporting_currency as currency,
    f.weeks::BIGINT as weeks,
    f.severity,
    case f.rule
        when 'new_destination'
            then
                f.words || ' ' || c.reporting_currency || '; none in the {{ threshold("days_before") }} days before'
        when 'burst'
            then
                f.words || ' ' || c.reporting_currency || ' from ' || strftime(f.first_at, '%H:%M:%S') || ' to '
                || strftime(f.last_at, '%H:%M:%S') || ' UTC; {{ threshold("burst_calls") }} calls and '
                || {{ plainly('f.threshold') }} || ' ' || c.reporting_currency || ' within '
                || '{{ threshold("burst_minutes") }} minutes are a burst'
        else
            f.what || ' from ' || strftime(f.hour, '%H:%M') || ' UTC: ' || {{ plainly('f.observed') }}
            || case f.rule when 'spend' then ' ' || c.reporting_currency when 'acd' then ' s' else '' end || ' in '
            || f.calls || ' calls; expected ' || {{ plainly('f.expected') }} || ' after ' || f.weeks
            || ' weeks, the limit is ' || {{ plainly('f.threshold') }}
    end as detail,
from found as f
cross join {{ ref('stg_company') }} as c
