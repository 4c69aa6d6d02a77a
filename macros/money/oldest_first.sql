{#-
  What of an amount owed is paid when a credit goes to the oldest first, each wholly before the next: what is left of
  `credit` after the amounts before it, at most the amount, at least 0. An amount of 0 or below owes nothing and is settled
  by itself. `among` says, as of a window, which amounts share the credit and in which order.
-#}
{% macro oldest_first(owed, credit, among) -%}
    (case
        when {{ owed }} <= 0 then {{ owed }}
        else least({{ owed }}, greatest(
            0,
            {{ credit }} + {{ owed }} - sum(greatest({{ owed }}, 0)) over (
                {{ among }} rows between unbounded preceding and current row
            )
        ))
    end)
{%- endmacro %}
