-- The rows behind a document with the terms that they were charged by, as text for calls.csv.

{% set as_frozen = [
    'line', 'kind', 'source', 'call_id', 'attempt', 'day', 'charged_at', 'calling_number', 'called_number', 'service',
    'destination', 'rate_table_id', 'prefix', 'band', 'rate_per_minute', 'quantity', 'unit_price', 'duration_s',
    'billed_s', 'amount', 'currency', 'covered_s', 'covered_amount', 'account_amount',
] %}

select
    e.row_no,
    {% for column in as_frozen %}
        e.{{ column }}::VARCHAR as {{ column }},
    {% endfor %}
    t.rate_kind,
    t.increment_from,
    t.seconds_rounding,
    t.amount_decimals::VARCHAR as amount_decimals,
    t.amount_rounding,
    t.rate_origin,
    t.terms,
    {{ from_ms('t.initial_ms') }}::VARCHAR as initial_s,
    {{ from_ms('t.increment_ms') }}::VARCHAR as increment_s,
    {{ from_ms('t.grace_ms') }}::VARCHAR as grace_s,
    {{ from_ms('t.free_ms') }}::VARCHAR as free_s,
    {{ from_units('t.initial_rate_u') }}::VARCHAR as initial_rate_per_minute,
    {{ from_units('t.initial_charge_u') }}::VARCHAR as initial_charge,
    {{ from_units('t.increment_charge_u') }}::VARCHAR as increment_charge,
    {{ from_units('t.connect_u') }}::VARCHAR as connect_charge,
    {{ from_units('t.attempt_u') }}::VARCHAR as attempt_charge,
    {{ from_units('t.min_u') }}::VARCHAR as min_charge,
    {{ from_units('t.max_u') }}::VARCHAR as max_charge,
    {{ from_units('t.fx_u') }}::VARCHAR as fx_rate,
from {{ ref('stg_evidence_rows') }} as e
inner join {{ ref('evidence_terms') }} as t on e.row_no = t.row_no
