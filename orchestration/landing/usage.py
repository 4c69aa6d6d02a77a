"""Usage that lands and is perhaps not meant so: of an account that is sent no invoice, of a service nearly known."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.configuration.nearest import nearest


def doubts(con: duckdb.DuckDBPyConnection, sequence: int) -> Iterator[str]:
    """Carriers that the file that is landing has usage of; services without a price that are nearly one with some."""
    known = {name for (name,) in con.execute("select distinct service from config.service_rates").fetchall()}
    of_file = "select service, count(*) from landed.usage where file_sequence = ? group by service order by service"
    for service, rows in con.execute(of_file, [sequence]).fetchall():
        if service not in known and (meant := nearest(service, known)):
            yield (
                f"{rows:,} {'row is' if rows == 1 else 'rows are'} of {service}, which has no price in"
                f" service_rates.csv; did you mean {meant}? Then withdraw the file, and land it with that name"
            )
    carriers = con.execute(
        """
        select account_id, count(*)
        from landed.usage
        inner join config.accounts using (account_id)
        where kind = 'carrier' and file_sequence = ?
        group by account_id
        order by account_id
        """,
        [sequence],
    ).fetchall()
    for account, rows in carriers:
        yield (
            f"{account} is a carrier, and has {rows:,} {'row' if rows == 1 else 'rows'} of usage here: it is charged,"
            " and sent no invoice; withdraw the file if a customer is meant, or write kind both in accounts.csv"
        )
