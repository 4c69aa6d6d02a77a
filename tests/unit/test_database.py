"""Rows by the names of their columns, and transactions that are whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.operations.accounts.unknown import no_account
from orchestration.store.database import dict_rows, insert, transaction


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("create table kept (a integer, b varchar)")
        yield con


def test_rows_have_the_names_of_their_columns(con: duckdb.DuckDBPyConnection) -> None:
    assert dict_rows(con, "select ? as a, ? as b", [1, "x"]) == [{"a": 1, "b": "x"}]
    assert dict_rows(con, "select $n as n", {"n": 2}) == [{"n": 2}]
    assert dict_rows(con, "from kept") == []


def test_a_row_is_written_by_column_in_any_order(con: duckdb.DuckDBPyConnection) -> None:
    insert(con, "kept", {"b": "x", "a": 1})
    assert con.execute("from kept").fetchall() == [(1, "x")]


def test_a_transaction_that_ends_is_kept(con: duckdb.DuckDBPyConnection) -> None:
    with transaction(con):
        insert(con, "kept", {"a": 1})
    con.begin()  # none is open any more
    con.rollback()
    assert con.execute("select a from kept").fetchall() == [(1,)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, duckdb.ConversionException])
def test_a_transaction_that_fails_leaves_nothing(con: duckdb.DuckDBPyConnection, error: type[BaseException]) -> None:
    def fail() -> None:
        with transaction(con):
            insert(con, "kept", {"a": 1})
            if error is duckdb.ConversionException:
                con.execute("select 'x'::integer")
            raise error

    with pytest.raises(error):
        fail()
    con.begin()
    con.rollback()
    assert con.execute("from kept").fetchall() == []


def test_an_account_that_there_is_not_is_answered_by_those_that_there_are(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table accounts (account_id varchar)")
    assert str(no_account(con, "acme", "accounts")) == "there is no account acme; there is none yet"
    con.execute("insert into accounts values ('acme'), ('bolt'), ('acme')")
    assert str(no_account(con, "acne", "accounts")) == "there is no account acne; did you mean acme?"
    listed = "there are acme, bolt (tollbook balance lists them all)"
    assert str(no_account(con, "zoe", "accounts")) == f"there is no account zoe; {listed}"
