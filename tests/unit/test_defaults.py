"""What an empty cell means is said in staging, and in the schema by which configurations are compared: the same."""

from __future__ import annotations

import duckdb

from orchestration.configuration.changes import meant
from orchestration.configuration.schema import FILES
from orchestration.engine.rating_sql import blank, rating

# Their one reader fills them in.
_LEFT_NULL = {"accounts.buffer", "accounts.tax_pct", "company.booking_grace_days"}


def test_empty_cells_mean_in_staging_what_the_schema_says() -> None:
    staged = {model.name: model.sql for model in rating().models if model.schema == "staging"}
    compared = 0
    left: set[str] = set()
    with duckdb.connect() as con:
        blank(con)
        for name, file in FILES.items():
            con.execute(f"insert into config.{name} (line) values (1)")
            if f"stg_{name}" not in staged:
                continue
            shown = {column[0] for column in con.execute(f"select * from ({staged[f'stg_{name}']})").description or []}
            for column in file.columns:
                if column.default and column.name in shown:
                    found = con.execute(f'select "{column.name}" from ({staged[f"stg_{name}"]})').fetchall()
                    if found != con.execute(f"select {meant(column)} from config.{name}").fetchall():
                        assert found == [(None,)], column.name
                        left.add(f"{name}.{column.name}")
                    compared += 1
    assert compared > 20
    assert left == _LEFT_NULL
