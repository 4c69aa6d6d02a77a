"""Keep a small deployment of this release: `python -m tests.releases 2026-12-01`.

Two days of calls, usage and a payment, closed; one closed again for a late call; an invoice; a third day open.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

from orchestration.operations.billing.billable import DocumentRequest
from orchestration.operations.billing.invoice import invoice
from orchestration.operations.day.build import build
from orchestration.operations.day.close import close
from orchestration.operations.day.land import land
from orchestration.store.warehouse import Home, environment
from tests.releases import HERE, PERIOD
from tests.support.company import CDR_HEADER, write_company, write_text

_PACKED = ("home/archive", "home/exports", "home/tables", "home/warehouse.duckdb", "seeds")


def make(root: Path) -> None:
    """Make the deployment in a directory: `home` and `seeds`."""
    home = Home(root / "home", write_company(root / "seeds"))
    calls = [_call(f"c{hour}", f"2026-05-30T{hour:02}:00:00", 30 * hour + 1) for hour in range(9, 17)]
    calls += [_call(f"d{hour}", f"2026-05-31T{hour:02}:00:00", 17 * hour) for hour in range(8, 14)]
    with environment(TOLLBOOK_NOW="2026-06-01T00:10:00", TOLLBOOK_OPERATOR="maker"):
        _land(home, root, "cdrs", "sw1", CDR_HEADER, *calls)
        used = ("u1,2026-05-30T09:00:00,acme,message,3", "u2,2026-05-31T09:00:00,bolt,message,5")
        _land(home, root, "usage", "web", "usage_id,occurred_at,account_id,service,quantity", *used)
        paid = ("payment_id,paid_at,account_id,amount,currency", "p1,2026-05-30T10:00:00,acme,20,USD")
        _land(home, root, "payments", "bank", *paid)
        build(home)
    with environment(TOLLBOOK_NOW="2026-06-02T00:05:00", TOLLBOOK_OPERATOR="maker"):
        close(home)
        late = (_call("late", "2026-05-30T20:00:00", 65), _call("open", "2026-06-01T08:00:00", 65))
        _land(home, root, "cdrs", "sw1", CDR_HEADER, *late)
        close(home)
    with environment(TOLLBOOK_NOW="2026-06-02T23:05:00", TOLLBOOK_OPERATOR="maker"):
        invoice(home, DocumentRequest("bolt", PERIOD))


def _call(call_id: str, at: str, seconds: int) -> str:
    trunk = "in-a" if seconds % 2 else "in-b"
    return f"{call_id},{at},{at},447700900123,{seconds},{trunk},out"


def _land(home: Home, root: Path, kind: str, source: str, *lines: str) -> None:
    land(home, [write_text(root / f"{kind}.csv", *lines)], kind=kind, source=source)


def main() -> None:
    """Make the deployment of this release and pack it under the name that is given."""
    target = HERE / f"{sys.argv[1]}.tar.xz"
    with tempfile.TemporaryDirectory() as scratch:
        make(Path(scratch))
        with tarfile.open(target, "w:xz", preset=9) as archive:
            for name in _PACKED:
                archive.add(Path(scratch) / name, name)
    print(f"{target} ({target.stat().st_size // 1024} KiB)")


if __name__ == "__main__":
    main()
