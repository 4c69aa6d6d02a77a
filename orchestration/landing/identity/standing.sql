-- Temp tables standing: the landed rows that a staged one has as its neighbours; outgoing (rid): those that go.
create or replace temp table standing as
select {stored}, rid
from landed_before as r
where exists (select 1 from staged as o where {same_identity} and {near});

create or replace temp table outgoing (rid BIGINT);
