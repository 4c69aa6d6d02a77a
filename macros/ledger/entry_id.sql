{# The id of a ledger entry: a hash of its facts and of how many equal entries come before it. #}
{% macro entry_id(ordinal) -%}
    sha256(concat_ws(
        '|',
        account_id,
        day::VARCHAR,
        period::VARCHAR,
        kind,
        coalesce(service, ''),
        amount::VARCHAR,
        currency,
        coalesce(reference, ''),
        ({{ ordinal }})::VARCHAR
    ))
{%- endmacro %}
