"""What people type: plain digits in one form; every command and variable takes nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orchestration import typed
from orchestration.audit.number import NATIONAL_PREFIXES
from orchestration.cli import cli, main
from orchestration.commands.arguments import Amount, Day, Instant, Month, Seconds, Share, Text, Whole
from orchestration.defs.invoicing import day_of
from orchestration.defs.partitions import first_day
from orchestration.engine import dbt
from orchestration.operations.billing.billable import period_of
from orchestration.operations.questions.mix import mix_file
from orchestration.store.warehouse import PROJECT, Home, Refused, lock_timeout, now

# 5 in Arabic-Indic and in full-width digits
NO_NUMBERS = ["1e3", "+5", "1_000", "\u0665", "\uff15", "nan", "-inf", "inf", " 5", "5 ", "5\n", "0x5", "1,000"]


@pytest.mark.parametrize("text", [*NO_NUMBERS, "", "5."])
def test_no_number(text: str) -> None:
    assert (typed.number(text), typed.amount(text), typed.whole(text)) == (None, None, None)


def test_numbers() -> None:
    assert [typed.number(text) for text in ("5", "-0.50", ".5", "007")] == [5, Decimal("-0.5"), Decimal("0.5"), 7]
    assert [typed.whole(text) for text in ("0", "007", "1.0", "-1", "1" * 19)] == [0, 7, None, None, None]
    amounts = ["0.00000001", "999999999999.99999999", "1.500000000000", "0", "-5", "0.000000001", "1000000000000"]
    # what is beyond 28 digits counts too
    amounts.append("1." + "0" * 40 + "1")
    assert [typed.amount(text) is not None for text in amounts] == [True, True, True, *[False] * 5]


def test_country_codes() -> None:
    assert [
        code for code in (*NATIONAL_PREFIXES, "34", "39", "210", "420", "998") if not typed.is_country_code(code)
    ] == ["210"]
    others = [
        "",
        "0",
        "00",
        "011",
        "810",
        "119",
        "8",
        "9",
        "99",
        "990",
        "999",
        "4",
        "440",
        "447",
        "44 ",
        "+44",
        "\u0661",
    ]
    assert not any(map(typed.is_country_code, others))


@pytest.mark.parametrize(
    "text", ["20260301", "2026-W10-1", "2026-060", "2026-3-1", "2026-02-30", " 2026-03-01", "2026-03-0\u0661", ""]
)
def test_no_day(text: str) -> None:
    assert (typed.day(text), typed.instant(text)) == (None, None)
    with pytest.raises(Refused, match="is not a period; write 2026-03"):
        period_of(text)
    with pytest.raises(Refused, match="is not a day; write 2026-03-31"):
        day_of(text)


@pytest.mark.parametrize("text", ["1989-12-31", "2101-01-01", "9999-12-31", "0001-01-01"])
def test_no_day_that_anything_can_be_of(text: str) -> None:
    for read in (period_of, day_of):
        with pytest.raises(Refused, match="1990 to 2100"):
            read(text)
    for arguments in ("close --day", "quote acme 44 --at"):
        done = CliRunner().invoke(cli, [*arguments.split(), text])
        assert (done.exit_code, "of a year from 1990 to 2100" in done.output) == (2, True)


@pytest.mark.parametrize("text", ["3f9a0", "3F9A01CG", "%", "3f9a01c27d44:2", "0" * 65])
def test_no_file_begins_every_files_id(text: str) -> None:
    for command in (["withdraw"], ["waive", "--day", "2026-03-01", "--file"]):
        done = CliRunner().invoke(cli, [*command, text, "--reason", "x"])
        assert (done.exit_code, "at least 6 of its hexadecimal digits" in done.output) == (2, True)


def test_a_files_id_may_be_in_capitals() -> None:
    assert [typed.file_id(text) for text in ("3f9a01c2", "3F9A01C2")] == ["3f9a01c2"] * 2


def test_days_months_and_times() -> None:
    assert (typed.day("2026-03-01"), typed.day("2026-03-01T00:00:00")) == (date(2026, 3, 1), None)
    assert (typed.month("2026-03"), typed.month("2026-13"), typed.month("202603")) == (date(2026, 3, 1), None, None)
    assert typed.instant("2026-03-01T01:30:00.25+02:00") == datetime(2026, 2, 28, 23, 30, 0, 250000)
    assert [typed.instant(text) for text in ("20260301T013000", "2026-03-01T25:00", "0001-01-01T00:00+01:00")] == [
        None
    ] * 3
    assert (period_of("2026-03"), period_of("2026-03-16")) == (date(2026, 3, 1), date(2026, 3, 16))


def _parameters(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Parameter]]:
    for parameter in command.params:
        yield f"{path} {parameter.name}", parameter
    for name, each in getattr(command, "commands", {}).items():
        yield from _parameters(each, f"{path} {name}")


def test_no_command_reads_numbers_or_times_another_way() -> None:
    """click's own types take 1_000, +5 and digits of other scripts."""
    kind = (click.types.IntParamType, click.types.FloatParamType, click.DateTime)
    found = dict(_parameters(cli))
    assert [name for name, parameter in found.items() if isinstance(parameter.type, kind)] == []
    ours = {name.split()[-1] for name, p in found.items() if isinstance(p.type, Amount | Seconds | Share | Whole)}
    assert ours >= {"amount", "credit", "limit", "count", "seconds", "answer_rate", "targets", "retries", "first"}
    times = {name.split()[-1] for name, p in found.items() if isinstance(p.type, Instant | Day | Month)}
    assert times >= {"at", "day", "last", "month"}


@pytest.mark.parametrize("text", [text for text in NO_NUMBERS if text[0] != "-"])
@pytest.mark.parametrize(
    "arguments",
    [
        "topup acme TEXT",
        "invoice acme 2026-03 --credit-note --reason x --amount TEXT",
        "quote acme 4479 --seconds TEXT",
        "estimate acme --targets TEXT --answer-rate 1 --seconds 5",
        "estimate acme --targets 5 --answer-rate TEXT --seconds 5",
        "estimate acme --targets 5 --answer-rate 1 --seconds TEXT",
        "estimate acme --targets 5 --answer-rate 1 --seconds 5 --retries TEXT",
        "check-limit acme numbers --count TEXT",
        "alerts --limit TEXT",
        "rates review --first TEXT",
        "rates accept --limit TEXT",
        "ui --port TEXT",
    ],
)
def test_commands_refuse_it_as_wrong_usage(arguments: str, text: str, tmp_path: Path) -> None:
    asked = [text if word == "TEXT" else word for word in arguments.split()]
    done = CliRunner().invoke(cli, asked, env={"TOLLBOOK_HOME": str(tmp_path)})
    assert done.exit_code == 2
    assert f"{text!r} is not " in done.output
    assert "write it in plain digits" in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("quote acme 44 --at soon",
         "Invalid value for '--at': 'soon' is not a time; write 2026-03-31T09:00:00,"
         " of a year from 1990 to 2100\nsee: tollbook quote --help\n"),
        ("withdraw abcdef", "Missing option '--reason'.\nsee: tollbook withdraw --help\n"),
        ("nonsense", "No such command 'nonsense'.\nsee: tollbook --help\n"),
        ("topup acme -50",
         "Invalid value for 'AMOUNT': '-50' is not an amount above 0 of at most 12 digits and 8 decimals; write it in"
         " plain digits, such as 1000 or 0.75\nsee: tollbook topup --help\n"),
        ("topup acme 50 -x", "No such option '-x'.\nsee: tollbook topup --help\n"),
        ("rates review --first 1 --json",
         "--json gives every price: leave out --first\nsee: tollbook rates review --help\n"),
        ("rates review a.csv --full --limit 1 --partial",
         "--full and --partial exclude each other; give one\nsee: tollbook rates review --help\n"),
        ("close --day 2026-03-01 --json --day 2026-03-02",
         "--day is given more than once; give it once\nsee: tollbook close --help\n"),
        ("quote acme ''",
         "the argument number 2 is empty (tollbook quote acme ''); write a value, or leave it out\n"
         "see: tollbook quote --help\n"),
        ("quote acme 44\udcff", "'NUMBER' is not UTF-8; write it in UTF-8\nsee: tollbook quote --help\n"),
        ("waive --day 2026-03-01 --file ' ' --reason x",
         "the argument number 4 is empty (tollbook waive --day 2026-03-01 --file ' ' --reason x); write a value, or"
         " leave it out\nsee: tollbook waive --help\n"),
    ],
)  # fmt: skip
def test_wrong_usage_is_said_in_a_line_with_where_to_look(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(shlex.split(arguments))
    assert capsys.readouterr() == ("", said)


def test_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for text in NO_NUMBERS:
        monkeypatch.setenv("TOLLBOOK_LOCK_TIMEOUT", text)
        with pytest.raises(Refused, match="TOLLBOOK_LOCK_TIMEOUT is "):
            lock_timeout()
    monkeypatch.setenv("TOLLBOOK_LOCK_TIMEOUT", "0.5")
    assert lock_timeout() == 0.5
    monkeypatch.setenv("TOLLBOOK_NOW", "20260301T000000")
    with pytest.raises(Refused, match="TOLLBOOK_NOW is "):
        now()
    monkeypatch.setenv("TOLLBOOK_NOW", "2026-03-01T02:00:00+02:00")
    assert now() == datetime(2026, 3, 1)
    monkeypatch.setenv("TOLLBOOK_FIRST_DAY", "20240101")
    with pytest.raises(Refused, match="TOLLBOOK_FIRST_DAY is "):
        first_day()
    for size in ("4_000MB", "1e3GB", "lots", "4 GB"):
        monkeypatch.setenv("TOLLBOOK_MEMORY", size)
        with pytest.raises(Refused, match="TOLLBOOK_MEMORY is "):
            dbt.run(Home(tmp_path, PROJECT / "seeds"), ["run"])


def test_shares_of_a_mix(tmp_path: Path) -> None:
    mix = tmp_path / "mix.csv"
    mix.write_text("number,share\n44,0.5\n49,1e1\n")
    with pytest.raises(Refused, match=r'mix.csv line 3, column share: "1e1" is not a share'):
        mix_file(mix)
    mix.write_text("number,share\n44,0.5\n49\n")
    with pytest.raises(Refused, match=r"mix.csv line 3, column share: the cell is empty; write it like 0.35"):
        mix_file(mix)
    mix.write_text('number,share\n44,"0.5\n')
    with pytest.raises(Refused, match=r"mix.csv cannot be read as CSV .*: unexpected end of data"):
        mix_file(mix)
    mix.write_text("number,share\n44,0.5\n", encoding="utf-16")
    with pytest.raises(Refused, match=r"mix.csv is not UTF-8 text; save it as UTF-8"):
        mix_file(mix)
    mix.write_text("prefix,share\n44,0.5\n")
    with pytest.raises(Refused, match=r"mix.csv line 1: column number is missing; there are prefix, share"):
        mix_file(mix)
    mix.write_text("")
    with pytest.raises(Refused, match=r"mix.csv line 1: column number and share is missing; the file is empty: begin"):
        mix_file(mix)
    mix.write_text("share,number\n1,44\n1\n")
    with pytest.raises(Refused, match=r"mix.csv line 3, column number: the cell is empty"):
        mix_file(mix)
    mix.write_text("number,share\n44,0.5\n49,1\n44,0.1\n")
    with pytest.raises(Refused, match=r"mix.csv line 4, column number: 44 is on line 2 too; write it once"):
        mix_file(mix)
    mix.write_text("number,share\n44,.5\n49,2\n")
    assert [(part.number, part.share) for part in mix_file(mix)] == [("44", Decimal("0.5")), ("49", 2)]


def test_a_reason_is_a_line_that_can_be_kept() -> None:
    assert Text().read("agreed with Zo\u00eb: \u20ac 5") == "agreed with Zo\u00eb: \u20ac 5"
    assert [Text().read(odd) for odd in ("a\nb", "a\u202eb", "\x1b", "x" * 1001)] == [None] * 4
    reasons = {
        (command.name, each.name): isinstance(each.type, (Text, click.Choice))
        for command in _all(cli)
        for each in command.params
        if each.name in ("reason", "clock_back")
    }
    assert len(reasons) > 9
    assert all(reasons.values()), reasons


def _all(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield from _all(command) if isinstance(command, click.Group) else [command]
