"""Commands in a place where nothing has landed: answers from the configuration, or where it was looked for."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.prepare import write_new_warehouse
from orchestration.store.warehouse import PROJECT, Home, Refused, serving, writer
from tests.support.company import write_calls, write_text
from tests.support.deployment import Deployment, called

NUMBER = "447700900123"


def test_questions_are_answered_by_the_configuration_alone(tmp_path: Path) -> None:
    """0.06 a minute begun: 61 s are 2 minutes, 0.12. acme is prepaid and has nothing, bolt has no limit."""
    write_new_warehouse()  # as `make setup` does
    new = Deployment(tmp_path)
    (new.seeds / "plan_tiers.csv").write_text("plan_tier,resource,limit\nfree,extensions,5\n")
    quoted = {who: new.json("quote", who, NUMBER, "--seconds", "61") for who in ("acme", "bolt")}
    assert [(Decimal(q["cost"]), q["decision"], q["affordable_s"]) for q in quoted.values()] == [
        (Decimal("0.12"), "deny", 0),
        (Decimal("0.12"), "proceed", None),
    ]
    campaign = ("--targets", "10", "--answer-rate", "0.5", "--seconds", "61", "--number", NUMBER)  # 5 calls of 0.12
    estimated = new.json("estimate", "acme", *campaign)
    assert [Decimal(estimated[name]) for name in ("required_balance", "shortfall")] == [Decimal("0.6")] * 2
    assert new.json("check-limit", "acme", "extensions", "--count", "6")["decision"] == "deny"
    assert "no call c1 is published" in new.run("explain", "c1", fails=True).stderr
    assert [(row["account_id"], Decimal(row["balance"])) for row in new.json("balance")] == [
        (account, Decimal(0)) for account in ("acme", "bolt", "carrier")
    ]
    assert new.run("alerts", "--json").stderr == (
        f"nothing has landed in {new.home}: this is answered from the configuration alone\n"
    )
    assert new.json("alerts") == []
    other = {"TOLLBOOK_HOME": str(tmp_path / "other"), "TOLLBOOK_SEEDS": str(new.seeds)}
    for command in ("build", "close"):
        nothing = f"nothing to {command}: nothing has landed in {tmp_path / 'other'}\n"
        assert called([command], other).stdout == nothing
    new.run("publish", fails=True)
    assert not (new.home / "serving").exists()
    # what has landed is not to be left out
    new.run("land", str(write_calls(tmp_path / "a.csv", [("c1", "2026-05-04T10:00:00", "60", "in-a")])),
            "--kind", "cdrs", "--source", "sw1")  # fmt: skip
    for question in (["quote", "acme", NUMBER], ["balance"], ["explain", "c1"]):
        said = new.run(*question, fails=True).stderr
        assert said == f"nothing is published yet in {new.home}; run: tollbook build\n"
    # a payment and a row that did not land wait for no build
    paid = "payment_id,paid_at,account_id,amount,currency\np1,2026-05-04T10:00:00,acme,5,USD\np2,x,acme,5,USD\n"
    write_text(new.home / "inbox" / "payments" / "bank" / "paid.csv", paid.strip())
    assert new.run("land").stdout.splitlines()[-2:] == [
        "all of them: tollbook rejected",
        "not built yet: 1 row of 2026-05-04; run tollbook build",
    ]
    assert Decimal(new.json("balance", "acme")["balance"]) == 5
    assert [(row["line"], row["reason"]) for row in new.json("rejected")] == [(3, "bad_time")]
    new.run("build")
    done = new.run("land")
    assert (done.stdout, done.stderr) == (f"nothing to land in {new.home / 'inbox'}\n", "")


def test_outside_of_a_project_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """./var is meant where it is one already, or beside the configuration; one that starts in / makes no /var."""
    for variable in ("TOLLBOOK_HOME", "TOLLBOOK_SEEDS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    for command in ("land", "build", "balance", "check", "rebuild"):
        done = called([command], {})
        assert done.returncode == 1
        assert done.stderr.startswith(f"no deployment is meant: TOLLBOOK_HOME is not set, and {tmp_path} has no var/")
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(tmp_path / "config"))
    assert Home.from_environment().root == tmp_path / "var"
    monkeypatch.setenv("TOLLBOOK_SEEDS", "/srv/config")
    with pytest.raises(Refused, match="no deployment is meant"):
        Home.from_environment()
    (tmp_path / "var" / "inbox").mkdir(parents=True)
    assert Home.from_environment().root == tmp_path / "var"
    monkeypatch.delenv("TOLLBOOK_SEEDS")
    with pytest.raises(Refused, match=f"{tmp_path} has var/ of a deployment and no seeds/company.csv beside it"):
        Home.from_environment()
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(tmp_path))
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / "var"))  # as it is
    assert Home.from_environment().root == tmp_path / "var"
    monkeypatch.setenv("TOLLBOOK_SEEDS", "/srv/config")
    for home in ("/srv/config", "/srv/x/../config/var"):
        monkeypatch.setenv("TOLLBOOK_HOME", home)
        with pytest.raises(Refused, match=r"in the folder of the configuration; .* such as /srv/var"):
            Home.from_environment()
    # a company.csv that leads nowhere is no reason to take the project's own configuration
    monkeypatch.delenv("TOLLBOOK_SEEDS")
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / "var"))
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "company.csv").symlink_to("/nonexistent")
    assert Home.from_environment().seeds == tmp_path / "seeds"


def test_without_a_configuration_it_is_said_where_it_was_looked_for(tmp_path: Path) -> None:
    told = {"TOLLBOOK_HOME": str(tmp_path / "home"), "TOLLBOOK_SEEDS": str(tmp_path / "seeds")}
    calls = write_calls(tmp_path / "a.csv", [("c1", "2026-05-04T10:00:00", "60", "in-a")])
    land = ["land", str(calls), "--kind", "cdrs", "--source", "sw1"]
    for command in (["land"], land, ["build"], ["topup", "acme", "5"], ["quote", "acme", NUMBER], ["check"]):
        done = called(command, told)
        assert done.returncode == 1, command
        assert f"there is no configuration in {tmp_path / 'seeds'}; let TOLLBOOK_SEEDS name" in done.stderr, command
    assert "there is no journal to rebuild from" in called(["rebuild"], told).stderr
    assert not (tmp_path / "home").exists()


def test_a_deployment_in_or_beside_another_is_hardly_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Deployment(tmp_path)
    assert first.run("build").stderr == ""  # the only one there is
    for slip in ("inbox", "archive/cdrs/..", "inbox/cdrs/sw1", "vra"):
        first.home = tmp_path / "home" / slip
        said = first.run("build", fails=True).stderr
        assert f"TOLLBOOK_HOME is {first.home}, in the deployment {tmp_path / 'home'}; let it name that" in said
    assert not (tmp_path / "home" / "vra").exists()
    # one that is there already goes on
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / "home" / "own"))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(first.seeds))
    (tmp_path / "home" / "own" / "inbox").mkdir(parents=True)
    assert Home.from_environment().root == tmp_path / "home" / "own"
    first.home = tmp_path / "hme "
    (tmp_path / "meant").mkdir()
    assert (
        called(["build"], {"TOLLBOOK_HOME": str(tmp_path / "meant"), "TOLLBOOK_SEEDS": str(first.seeds)}).stderr == ""
    )
    assert first.run("build").stderr == f"begins a new deployment in {first.home}, beside that in {tmp_path / 'home'}\n"
    assert first.run("build").stderr == ""


def test_the_configuration_beside_a_deployment_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From wherever a command is given; that of the current directory goes before it."""
    monkeypatch.delenv("TOLLBOOK_SEEDS", raising=False)
    for name in ("acme", "here"):
        (tmp_path / name / "seeds").mkdir(parents=True)
        (tmp_path / name / "seeds" / "company.csv").touch()
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / "acme" / "var"))
    monkeypatch.chdir(tmp_path)
    assert Home.from_environment().seeds == tmp_path / "acme" / "seeds"
    monkeypatch.chdir(tmp_path / "here")
    assert Home.from_environment().seeds == tmp_path / "here" / "seeds"
    monkeypatch.setenv("TOLLBOOK_HOME", "/")
    monkeypatch.chdir(tmp_path)
    assert Home.from_environment().seeds == PROJECT / "seeds"


def test_the_folder_of_a_company_is_neither_its_deployment_nor_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = tmp_path / "acme"
    write_text(company / "seeds" / "company.csv")
    for name in ("accounting", "decks", "branding", "var"):
        (company / name).mkdir()
    monkeypatch.chdir(tmp_path)

    def refused(home: str, seeds: str = "") -> str:
        monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / home))
        monkeypatch.setenv("TOLLBOOK_SEEDS", seeds and str(tmp_path / seeds))
        with pytest.raises(Refused) as refusal:
            Home.from_environment()
        return str(refusal.value)

    right = (
        f"TOLLBOOK_HOME is {company}, the folder of a company: its deployment is {company / 'var'}; let it name that"
    )
    assert refused("acme") == right
    monkeypatch.chdir(company)
    assert refused("acme") == right
    for name in ("accounting", "decks/carrier", "branding"):
        assert "in the folder of the configuration; let it name another" in refused(f"acme/{name}", "acme/seeds")
    # of what is near, the configuration is named; a file of it, a folder beside it, one that is spelt wrongly
    for name in ("acme", "acme/seeds/company.csv", "acme/seeds/old", "acme/accounting", "acme/sedes"):
        assert refused("acme/var", name) == (
            f"TOLLBOOK_SEEDS is {tmp_path / name}, which has no company.csv; the configuration is {company / 'seeds'}: "
            "let it name that"
        )
    # who names both means it, where var/ is no deployment; so is one that has begun
    monkeypatch.setenv("TOLLBOOK_HOME", str(company))
    monkeypatch.setenv("TOLLBOOK_SEEDS", str(company / "seeds"))
    assert Home.from_environment().root == company
    (company / "var" / "inbox").mkdir()
    assert refused("acme", "acme/seeds") == right
    (company / "inbox").mkdir()
    monkeypatch.setenv("TOLLBOOK_SEEDS", "")
    assert Home.from_environment().root == company


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TOLLBOOK_HOME", "loop", "which is a link to itself: let it name a folder"),
        ("TOLLBOOK_SEEDS", "loop/x", "which is a link to itself: let it name a folder"),
        ("TOLLBOOK_HOME", "~/var", "~ is only expanded by a shell: write the whole path"),
        ("TOLLBOOK_HOME", "a\udcff", "the database cannot open a path that is not UTF-8: rename it"),
        ("TOLLBOOK_OPERATOR", "a\nb", "write one line of at most 200 printable characters"),
        ("TOLLBOOK_OPERATOR", "a\udcff", "write one line of at most 200 printable characters"),
        ("TOLLBOOK_OPERATOR", "a" * 201, "write one line of at most 200 printable characters"),
    ],
)
def test_a_variable_that_hardly_anybody_means_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv("TOLLBOOK_HOME", str(tmp_path / "var"))
    monkeypatch.setenv(variable, value)
    with pytest.raises(Refused, match=f"^{variable} is .* {said}$") as refused:
        Home.from_environment()
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("what", ["a pipe", "an SQLite database", "a directory"])
def test_what_is_no_database_is_said_and_not_opened(tmp_path: Path, what: str) -> None:
    home = Home(tmp_path, tmp_path / "seeds")
    for path in (home.warehouse, home.serving):
        path.parent.mkdir(exist_ok=True)
        if what == "a pipe":
            os.mkfifo(path)
        elif what == "a directory":
            path.mkdir()
        else:
            path.write_bytes(b"SQLite format 3\0" + bytes(100))
    said = f"is {what} and no database of DuckDB: move it away, then run tollbook"
    with pytest.raises(Refused, match=f"warehouse.duckdb {said} rebuild"), writer(home, "test") as held, held.connect():
        pass
    with pytest.raises(Refused, match=f"tollbook.duckdb {said} publish"), serving(home):
        pass
