-- No waiver that one operator gave is by now worth more than waiver_limit of company.csv, or of unknown worth: of a
-- reason code it settles what lands later, too.
{{ config(meta={
    'dagster': {'ref': {'name': 'rated_calls'}},
    'remedy': 'It was waived when it was worth less: have a second operator say the same with --confirm, as written there. '
        ~ 'Or give what is unrated a price.',
}) }}

select
    w.day,
    concat_ws(' ', w.what, w.key, w.kind, w.source) as key,
    'the waiver of ' || w.what || ' ' || w.key || coalesce(' of ' || w.source, '') || ' (' || w.operator || ': '
    || w.reason || ') was worth '
    || {{ plainly('w.amount') }} || ' ' || w.currency || ', and settles ' || w.settles || ' now, '
    || coalesce('worth ' || {{ plainly('w.worth') }} || ' ' || w.currency, 'and nobody can say what they are worth')
    || '; the waiver_limit is ' || {{ plainly('w.waiver_limit') }} || ': tollbook waive --day ' || w.waived_on
    || case w.what when 'reason' then ' --reason-code ' else ' --' || w.what || ' ' end
    || case
        when w.what = 'file' then w.key[:12]
        when w.what = 'row' then w.key[:12] || ':' || split_part(w.key, ':', 2)
        else {{ for_a_shell('w.key') }}
    end
    || coalesce(' --source ' || {{ for_a_shell('w.source') }}, '') || ' --confirm' as detail,
from {{ ref('standing_waivers') }} as w
where w.wants_second
