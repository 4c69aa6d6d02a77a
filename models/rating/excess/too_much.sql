-- What comes to more than an amount can be, of the days being built: legs and services, each in words. Asked once a
-- build has failed of it. A markup is told by what it is a markup on.
{% set currencies = ['account', 'reporting'] %}

with legs as (
    {% for side in ['sell', 'buy'] %}
        select
            c.day,
            'call ' || c.call_id || ' of ' || c.source || ', ' || {{ seconds_in_words('c.duration_ms') }}
            || coalesce(
                ' at ' || {{ number_in_words('c.' ~ side ~ '_rate_per_minute') }} || ' ' || c.{{ side }}_currency
                || ' a minute',
                ''
            )
            || ' by ' || c.{{ side }}_rate_table_id || coalesce(' (' || o.origin || ')', '') as what,
            c.{{ side }}_currency as currency,
            c.{{ side }}_account_currency as account_currency,
            greatest(
                c.{{ side }}_charged_u,
                -- seconds times rate are kept beside what is charged
                {{ "coalesce(c.duration_ms::HUGEINT * c.sell_rate_u // 60000, 0)" if side == 'sell' else 0 }}
            ) as units,
            x.account_rate_u,
            x.reporting_rate_u,
        from {{ ref('charged_calls') }} as c
        left join {{ ref('rate_origins') }} as o on c.{{ side }}_rate_no = o.rate_no
        left join {{ ref('leg_exchange') }} as x
            on
                c.{{ side }}_table_no = x.table_no
                and c.{{ side }}_account_currency = x.account_currency
                and c.day = x.day
        where c.has_{{ side }}_leg and c.{{ side }}_charged_u is not null
        {{ 'union all by name' if not loop.last }}
    {% endfor %}
),

services as (
    select
        u.day,
        u.kind || ' ' || u.usage_id || ' of ' || u.account_id || ', ' || {{ number_in_words('u.quantity') }} || ' of '
        || u.service || ' at ' || {{ number_in_words('u.unit_price') }} || ' ' || u.currency as what,
        u.currency,
        u.account_currency,
        {{ to_units('u.quantity') }} * {{ to_units('u.unit_price') }} // 100000000 * u.days // u.of_days as units,
        a.rate_u as account_rate_u,
        r.rate_u as reporting_rate_u,
    from {{ ref('charged_usage') }} as u
    cross join {{ ref('stg_company') }} as company
    left join {{ ref('fx_days') }} as a
        on u.day = a.day and u.currency = a.from_currency and u.account_currency = a.to_currency
    left join {{ ref('fx_days') }} as r
        on u.day = r.day and u.currency = r.from_currency and company.reporting_currency = r.to_currency
),

tried as (
    select
        p.*,
        company.reporting_currency,
        try({{ from_units('p.units') }}) is not null as is_kept,
        {% for currency in currencies %}
            p.{{ currency }}_rate_u is null
            or try({{ from_units(convert_units('p.units', 'p.' ~ currency ~ '_rate_u')) }}) is not null
                as is_kept_in_{{ currency }}_currency,
        {% endfor %}
    from (
        from legs
        union all by name
        from services
    ) as p
    cross join {{ ref('stg_company') }} as company
)

select
    day,
    what || case
        when not is_kept then ''
        {% for currency in currencies %}
            when not is_kept_in_{{ currency }}_currency
                then
                    ', from ' || currency || ' to ' || {{ currency }}_currency || ' at '
                    || {{ ratio_in_words(currency ~ '_rate_u') }}
        {% endfor %}
    end as what,
from tried
where units is not null and not (is_kept and is_kept_in_account_currency and is_kept_in_reporting_currency)
