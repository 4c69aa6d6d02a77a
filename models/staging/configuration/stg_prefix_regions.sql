select
    prefix,
    region,
from {{ source('config', 'prefix_regions') }}
