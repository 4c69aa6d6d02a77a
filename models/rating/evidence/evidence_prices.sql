-- The price that each use behind a document was charged by, as in charged_usage: the account's own before everyone's,
-- then the latest.

select
    e.row_no,
    max_by(
        struct_pack(decimals := s.amount_decimals, rounding := s.amount_rounding, line := s.line),
        {{ service_rate_precedence('s') }}
    ) as price,
from {{ ref('stg_evidence_rows') }} as e
inner join {{ ref('stg_service_rates') }} as s
    on
        {{ service_rate_applies('s', 'e', 'charged_at') }}
        and e.unit_price = s.unit_price
where e.kind = 'usage'
group by e.row_no
