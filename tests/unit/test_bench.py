"""What `make bench` makes of its measurements. The measuring itself is not tested here: it takes minutes."""

from __future__ import annotations

import pytest

from bench.__main__ import parsed
from bench.measuring import CommandFailed, Measured, measure, python, steps
from bench.report import Day, Verdict, aligned, leg_rate, slowest, table, total, verdicts, where_time_goes


def taken(seconds: float, peak_mib: float = 100.0, **found: float) -> Measured:
    return Measured(seconds, 2 * seconds, peak_mib, found)


STAGES = {
    "land": taken(8.0, 900.0),
    "build": taken(10.0, 3000.0, rated_calls=5.0, breakout_daily=1.0),
    "close": taken(2.0, 500.0, files_add_up=1.5),
}
SLOWER = {name: taken(m.seconds * 1.25, m.peak_mib * 2) for name, m in STAGES.items()}
DAY = Day(5_000_000, taken(5.0), STAGES, {})
DAY_WITH_HISTORY = Day(5_000_000, taken(5.0), STAGES, SLOWER)
SMALL = Day(1_000, taken(1.0), {"build": taken(1000.0)}, {})


def test_the_whole_way_adds_up_and_takes_the_largest_peak() -> None:
    assert total(STAGES) == Measured(20.0, 40.0, 3000.0, {})


def test_a_row_for_each_stage_with_calls_a_second_and_multiples_of_the_baseline() -> None:
    lines = table([DAY_WITH_HISTORY], "90 days before").splitlines()
    assert lines[0].split() == ["calls", "stage", "seconds", "calls/s", "CPU", "s", "peak", "MiB", "times", "(a)"]
    assert lines[1].split()[-5:] == ["5.0", "1,000,000", "10.0", "100", "1.00"]
    assert lines[2].split() == ["5,000,000", "land", "8.0", "625,000", "16.0", "900", "1.60"]
    assert lines[5].split() == ["5,000,000", "total", "20.0", "250,000", "40.0", "3,000", "4.00"]
    assert next(line for line in lines if "total, 90 days before" in line).split()[-1] == "5.00"
    assert len(lines) == 10


def test_columns_are_aligned() -> None:
    assert aligned([("a", "what", "s"), ("10", "x", "2.5")]) == " a  what    s\n10  x     2.5"


def test_all_of_the_build_counts_as_rating_two_legs() -> None:
    assert leg_rate(DAY) == 1_000_000


def test_the_slowest_steps_come_first_and_what_is_no_step_is_named() -> None:
    assert slowest(STAGES, 3) == [
        ("land", "(the rest)", 8.0),
        ("build", "rated_calls", 5.0),
        ("build", "(the rest)", 4.0),
    ]
    assert "25%" in where_time_goes(DAY).splitlines()[2]


def test_verdicts_are_those_of_the_largest_day() -> None:
    found = verdicts([SMALL, DAY_WITH_HISTORY], postgres_rate=10_000.0)
    assert [(v.reached, v.limit, v.met) for v in found] == [
        (4.0, 5.0, True),
        (6000.0, 6144.0, True),
        (100.0, 30.0, True),
        (1.25, 1.15, False),
    ]


def test_what_was_not_measured_has_no_verdict() -> None:
    assert len(verdicts([DAY], postgres_rate=None)) == 2


def test_a_verdict_says_by_how_much_a_target_is_missed() -> None:
    assert Verdict("x", 4.0, 5.0, "").words() == "x: 4.00 (at most 5.00): reached"
    assert Verdict("x", 10.0, 5.0, "").words() == "x: 10.00 (at most 5.00): MISSED by a factor of 2.00"
    assert Verdict("x", 10.0, 30.0, "", at_least=True).words().endswith("MISSED by a factor of 3.00")
    assert Verdict("x", 5.0, 5.0, " s").met


def test_steps_are_read_from_what_a_command_says() -> None:
    assert steps("  rated_calls (3.5 s)\r\nwaiting for 'build' (2 s) ...\r\n  files_add_up (0.0 s)\r\n") == {
        "rated_calls": 3.5,
        "files_add_up": 0.0,
    }


def test_a_measured_command_has_seconds_and_memory_of_its_own() -> None:
    found = measure(["sh", "-c", "echo '  step (1.5 s)' >&2; echo out"], {})
    assert found.steps == {"step": 1.5}
    assert found.cpu_s >= 0
    assert 0 < found.seconds < 10
    assert found.peak_mib > 0


def test_a_command_that_fails_says_what_it_printed() -> None:
    with pytest.raises(CommandFailed, match=r"(?s)ended with 3.*gone wrong"):
        measure(["sh", "-c", "echo gone wrong >&2; exit 3"], {})


def test_commands_run_with_this_interpreter() -> None:
    assert python("orchestration.cli", "build")[1:] == ["-m", "orchestration.cli", "build"]


def test_quick_is_small() -> None:
    assert parsed([]).calls == [1_000_000, 5_000_000]
    quick = parsed(["--quick"])
    assert (quick.calls, quick.history_days, quick.history_calls) == ([100_000], 5, 2_000)
