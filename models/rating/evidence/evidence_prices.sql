-- The price that each use behind a document was charged by, as in charged_usage: the account's own before everyone's,
-- then the latest.

select
    e.row_no,
    max_by(
        struct_pack(decimals := s.amount_decimals, rounding := s.amount_rounding, line := s.line),
        (s.account_id is not null, coalesce(s.valid_from, timestamp '0001-01-01'), s.line)
    ) as price,
from {{ ref('stg_evidence_rows') }} as e
inner join {{ ref('stg_service_rates') }} as s
    on
        e.service = s.service
        and e.unit_price = s.unit_price
        and (s.account_id is null or e.account_id = s.account_id)
        and (s.valid_from is null or e.charged_at >= s.valid_from)
        and (s.valid_to is null or e.charged_at < s.valid_to)
where e.kind = 'usage'
group by e.row_no
