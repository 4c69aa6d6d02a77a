select
    day,
    max(ordinal) as ordinal,
    max(closed_at) as closed_at,
    max(file_sequence) as file_sequence,
from {{ source('ops', 'closings') }}
group by day
