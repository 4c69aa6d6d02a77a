-- The postings behind issued invoices and credit notes, their own tax and rounding included: those of a document sum
-- to its total, with the sign turned. A posting that is on none is unbilled.

select
    invoice_number,
    entry_id,
from {{ ref('stg_invoice_entries') }}
