-- The region of each known prefix that has one: that of the longest prefix of prefix_regions.csv that begins it.
{{ config(materialized='view') }}

select
    c.prefix_no,
    max_by(r.region, c.digits) as region,
from {{ ref('prefix_chains') }} as c
inner join {{ ref('stg_prefix_regions') }} as r on c.beginning = r.prefix
group by c.prefix_no
