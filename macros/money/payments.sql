{#- What the ledger books a payment as, by its method. -#}
{% macro payment_kind(method) -%}
    (case when {{ method }} in ('refund', 'write_off') then {{ method }} else 'payment' end)
{%- endmacro %}


{#- Whether a posting of this kind is a payment, not a charge: it is on no invoice, and settles some. -#}
{% macro is_payment(kind) -%}
    ({{ kind }} in ('payment', 'refund', 'write_off'))
{%- endmacro %}
