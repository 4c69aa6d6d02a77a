select
    day,
    check_name,
    failing,
    detail,
    checked_at,
    build_no,
    severity,
    words,
    remedy,
from {{ source('ops', 'day_checks') }}
