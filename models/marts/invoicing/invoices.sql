-- Invoices and credit notes as they were issued, and the drafts there are. Kept in ops.invoices; an issued one never
-- changes.

select
    invoice_number,
    document_id,
    kind,
    account_id,
    period_start,
    period_end,
    status,
    exact,
    net,
    tax_pct,
    tax,
    total,
    currency,
    issued_at,
    issued_on,
    due_on,
    operator,
    reason,
    checksum,
    csv_sha256,
    pdf_sha256,
from {{ ref('stg_invoices') }}
