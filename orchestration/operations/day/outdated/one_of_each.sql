-- Temp table touched: one leg for each changed row, table and prefix. Where a price changed that was used, it shows in
-- any of its legs.
create or replace temp table touched as
with one_of_each as (
    select
        day,
        file,
        "row",
        sign,
        side,
        arg_min(struct_pack(source := source, call_id := call_id, attempt := attempt), hash(call_id)) as leg,
    from touching
    group by day, file, "row", sign, side, rate_table_id, prefix
)

select day, leg.source, leg.call_id, leg.attempt, side, file, "row", sign
from one_of_each
qualify row_number() over (partition by day order by hash(leg.call_id)) <= 300;
