-- What the documents being made come to, from the lines they were given: the exact sum, that rounded half up to the
-- currency's minor unit (`net`), tax on it rounded likewise, and the total.

with summed as (
    select document_id, sum({{ to_units('amount') }}) as exact_u
    from {{ ref('stg_invoice_lines') }}
    where document_id in (select document_id from {{ ref('stg_invoicing') }})
    group by document_id
),

-- what the period of a document was charged with before, wherever it stands: adjustments may be on later invoices
charged as (
    select w.document_id, sum({{ to_units('l.amount') }}) as charged_u
    from {{ ref('invoicing') }} as w
    inner join {{ ref('stg_invoices') }} as i on w.account_id = i.account_id and i.status = 'issued'
    inner join {{ ref('stg_invoice_lines') }} as l
        on
            i.document_id = l.document_id
            and w.period_start = case when l.kind = 'adjustment' then l.for_period else i.period_start end
    where w.document_id <> i.document_id
    group by w.document_id
),

sized as materialized (
    select
        w.document_id,
        w.invoice_number,
        w.account_id,
        w.period_start,
        w.period_end,
        w.timezone,
        w.currency,
        w.is_credit_note,
        case when w.is_credit_note then i.invoice_number end as corrects,
        -- a credit note is taxed like the invoice that it corrects, whatever the rate is today
        coalesce(case when w.is_credit_note then i.tax_pct else a.tax_pct end, 0) as tax_pct,
        coalesce(a.payment_terms_days, 0) as payment_terms_days,
        coalesce(s.exact_u, 0) as exact_u,
        coalesce(c.charged_u, 0) as charged_u,
        {{ minor_unit('w.currency') }} as minor_unit,
        {{ decimal_unit('minor_unit') }} as unit,
    from {{ ref('invoicing') }} as w
    inner join {{ ref('stg_accounts') }} as a on w.account_id = a.account_id
    left join {{ ref('stg_invoices') }} as i
        on
            w.account_id = i.account_id and w.period_start = i.period_start and i.status = 'issued'
            and i.kind = 'invoice'
    left join summed as s on w.document_id = s.document_id
    left join charged as c on w.document_id = c.document_id
),

-- each step materialized: the planner would write it out in full wherever the next ones name it
netted as materialized (
    select *, {{ to_minor_unit('exact_u', 'unit') }} as net_u from sized
),

taxed as materialized (
    select *, {{ percent_of('net_u', to_units('tax_pct'), 'unit') }} as tax_u from netted
)

select
    t.document_id,
    t.invoice_number,
    case when t.is_credit_note then 'credit_note' else 'invoice' end as kind,
    t.corrects,
    t.account_id,
    t.period_start,
    t.period_end,
    t.timezone,
    {{ from_units('t.exact_u') }} as exact,
    {{ from_units('t.net_u') }} as net,
    t.tax_pct::DECIMAL(20, 8) as tax_pct,
    {{ from_units('t.tax_u') }} as tax,
    {{ from_units('t.net_u + t.tax_u') }} as total,
    {{ from_units(to_minor_unit('t.charged_u', 't.unit')) }} as charged_before,
    t.currency,
    t.minor_unit,
    clock.now::DATE as issued_on,
    -- a credit note is nothing to pay
    case when not t.is_credit_note then clock.now::DATE + t.payment_terms_days::INTEGER end as due_on,
from taxed as t
cross join {{ ref('stg_clock') }} as clock
