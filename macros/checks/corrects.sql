{#-
  Whether a landed row is a rejected one corrected: the same identity, landed later, and of the same time. A row whose own
  day could not be read counts by the day its file landed (`landed_on`): its corrected version may be of any day before.
-#}
{% macro corrects(landed, rejected) -%}
    {{ rejected }}.source = {{ landed }}.source
    and {{ rejected }}.row_id = {{ landed }}.row_id
    and {{ rejected }}.attempt is not distinct from {{ landed }}.attempt
    and {{ rejected }}.file_sequence < {{ landed }}.file_sequence
    and (
        {{ rejected }}.day between {{ landed }}.day - 2 and {{ landed }}.day + 2
        or ({{ rejected }}.day = {{ rejected }}.landed_on and {{ rejected }}.day > {{ landed }}.day)
    )
{%- endmacro %}
