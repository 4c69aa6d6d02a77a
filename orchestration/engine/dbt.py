"""Run dbt in this process, where it can share nothing with an open connection to the warehouse."""

from __future__ import annotations

import contextlib
import graphlib
import hashlib
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.store.files import whole, write
from orchestration.store.warehouse import PROJECT, Home, Refused, environment

if TYPE_CHECKING:
    import duckdb
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import CompiledNode

_MEMORY = "4GB"
_SIZE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?[KMGT]i?B")


@dataclass(frozen=True)
class NodeResult:
    """What became of one model or test; `failures` are rows that break a test."""

    name: str
    status: str
    message: str
    failures: int


class DbtFailed(Exception):
    """A model or test could not be run; the message names it and gives the engine's words."""


def memory() -> str:
    """How much memory a build may take: `TOLLBOOK_MEMORY`, such as 4GB."""
    setting = os.environ.get("TOLLBOOK_MEMORY") or _MEMORY
    if not _SIZE.fullmatch(setting):
        raise Refused(f'TOLLBOOK_MEMORY is "{setting}"; write a size, such as {_MEMORY}')
    return setting


@cache
def project_version() -> str:
    """Identity (sha256) of the dbt project as this process found it: another one means that models are made anew."""
    digest = hashlib.sha256()
    folders = [
        *_sources(PROJECT / "models"),
        *_sources(PROJECT / "macros"),
        *_sources(PROJECT / "tests/assertions"),
    ]
    for path in [PROJECT / "dbt_project.yml", PROJECT / "profiles.yml", *folders]:
        digest.update(f"{path.relative_to(PROJECT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def modelled(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse's models are those of this release: without a build they are none, or an earlier one's."""
    return con.execute("select version from ops.project").fetchone() == (project_version(),)


def _sources(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.suffix in {".sql", ".yml", ".md"})


def run(home: Home, arguments: Sequence[str], report: Callable[[str], None] | None = None) -> list[NodeResult]:
    """Run one dbt command (`["run", "--select", ...]`) on the deployment's warehouse.

    A test that finds rows is a result, not an error. Raises `DbtFailed` for anything else that
    went wrong. `report` gets a line as each model or test is done. No connection to the warehouse
    may be open in this process meanwhile.
    """
    # dbt takes over two seconds to import: only commands that need it pay
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager as Connections
    from dbt.cli.main import dbtRunner
    from dbt_common.events.base_types import EventMsg

    def heard(event: EventMsg) -> None:
        if report is not None and event.info.name in {"LogModelResult", "LogTestResult"}:
            node = event.data.node_info
            report(f"{node.node_name} ({event.data.execution_time:.1f} s)")

    with _environment(home), contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            outcome = dbtRunner(manifest=manifest(), callbacks=[heard]).invoke([*arguments, *_flags(home.root / "dbt")])
        finally:
            Connections.close_all_connections()  # type: ignore[no-untyped-call]
    results = [_result(node) for node in getattr(outcome.result, "results", None) or []]
    broken = [r for r in results if r.status in {"error", "skipped"}]
    if broken:
        raise DbtFailed("\n".join(f"{r.name}: {r.message}" for r in broken if r.status == "error"))
    if outcome.exception is not None or (not outcome.success and not results):
        raise DbtFailed(str(outcome.exception or printed.getvalue()[-2000:]))
    return results


def manifest() -> Manifest:
    """The parsed project, from the project's target/ where it was parsed before.

    Parsing takes as long as building a small day; what was parsed serves every deployment.
    """
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder

    def read(packed: bytes) -> Manifest:
        return Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)

    kept = kept_at(".msgpack")
    with contextlib.suppress(OSError):
        return read(kept.read_bytes())
    with tempfile.TemporaryDirectory() as scratch:
        outcome = dbtRunner().invoke(["parse", *_flags(Path(scratch))])
    if not isinstance(outcome.result, Manifest):
        raise DbtFailed(f"the models cannot be read: {outcome.exception}")
    packed = outcome.result.to_msgpack(extended_mashumaro_encoder)
    with contextlib.suppress(OSError):  # a read-only checkout parses every time
        with whole(kept_at(".json")) as part:
            outcome.result.writable_manifest().write(str(part))
        write(kept, packed)
    return read(packed)


def manifest_json() -> Path:
    """The parsed project as dbt's manifest.json, for Dagster. Raises `DbtFailed` when it cannot be parsed."""
    if not kept_at(".json").exists():
        kept_at(".msgpack").unlink(missing_ok=True)
    manifest()
    return kept_at(".json")


@dataclass(frozen=True)
class Model:
    """A model as a query that any connection to a database with the project's schemas can run.

    `reads` are the names of the models and sources that it reads itself.
    """

    folder: str
    schema: str
    name: str
    materialized: str
    sql: str
    reads: tuple[str, ...]


def compiled(selected: Sequence[str]) -> list[Model]:
    """The selected models as queries, each after those it reads. Raises `DbtFailed` when they cannot be compiled."""
    nodes = compiled_nodes(selected, "model")
    read = {key: sorted(set(nodes[key].depends_on.nodes) & nodes.keys()) for key in sorted(nodes)}
    return [_model(nodes[key]) for key in graphlib.TopologicalSorter(read).static_order()]


def compiled_nodes(selected: Sequence[str], kind: str) -> dict[str, CompiledNode]:
    """What dbt compiled of the selected nodes of a kind (model, test), by unique id. Raises `DbtFailed`."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager as Connections
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory() as scratch:
        nowhere = Home(Path(scratch), Path(scratch))
        arguments = ["compile", "--no-populate-cache", "--select", *selected, *_flags(nowhere.root)]
        with _environment(nowhere), contextlib.redirect_stdout(io.StringIO()):
            try:
                outcome = dbtRunner(manifest=manifest()).invoke(arguments)
            finally:
                Connections.close_all_connections()  # type: ignore[no-untyped-call]
    results = getattr(outcome.result, "results", None) or []
    nodes = {r.node.unique_id: r.node for r in results if r.node.resource_type == kind}
    if not outcome.success or not nodes:
        raise DbtFailed(f"a {kind} cannot be compiled: {outcome.exception or [r.message for r in results]}")
    return nodes


def relations() -> list[tuple[str, str]]:
    """Schema and name of each model, each after those that it reads."""
    return [(schema, name) for _, schema, name, _ in _models(project_version())]


def reads() -> dict[str, set[str]]:
    """The unique ids of the models that each model reads itself, each after those."""
    return {key: set(read) for key, _, _, read in _models(project_version())}


@cache
def _models(version: str) -> list[tuple[str, str, str, list[str]]]:
    """Unique id, schema, name and what it reads of each model, each after those; reading the manifest takes longer."""
    made: list[tuple[str, str, str, list[str]]] = json.loads(kept(".models.json", version, _ordered))
    return made


def _ordered() -> str:
    nodes = {key: node for key, node in manifest().nodes.items() if key.startswith("model.")}
    read = {key: sorted(set(node.depends_on_nodes) & nodes.keys()) for key, node in nodes.items()}
    order = graphlib.TopologicalSorter(read).static_order()
    return json.dumps([(key, nodes[key].schema, nodes[key].name, read[key]) for key in order], indent=1)


def query_of(node: CompiledNode) -> str:
    """A compiled node's query. The catalog is named for the warehouse's file; without it the query runs on any."""
    return str(node.compiled_code).replace(f'"{node.database}".', "")


def _model(node: CompiledNode) -> Model:
    reads = tuple(sorted(read.split(".")[-1] for read in node.depends_on.nodes))
    return Model(node.fqn[-2], node.schema, node.name, str(node.config.materialized), query_of(node), reads)


def kept(suffix: str, version: str, make: Callable[[], str]) -> str:
    """A text that was made of this version of the project, from target/ where it was made before."""
    path = kept_at(suffix, version)
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8")
    text = make()
    with contextlib.suppress(OSError):  # a read-only checkout makes it every time
        write(path, text.encode())
    return text


def kept_at(suffix: str, version: str | None = None) -> Path:
    """Where what was made of the project (of its `version`: as it is now) by this dbt is kept."""
    name = f"manifest-{metadata.version('dbt-core')}-{(version or project_version())[:16]}{suffix}"
    return PROJECT / "target" / name


def _flags(target: Path) -> list[str]:
    return [
        "--project-dir", str(PROJECT),
        "--profiles-dir", str(PROJECT),
        "--target-path", str(target),
        "--log-path", str(target),
        "--log-level-file", "none",
        "--no-write-json",
        "--quiet",
    ]  # fmt: skip


@contextlib.contextmanager
def _environment(home: Home) -> Iterator[None]:
    with environment(TOLLBOOK_HOME=str(home.root), TOLLBOOK_MEMORY=memory(), DO_NOT_TRACK="1"):
        yield
    sys.stdout.flush()


def _result(result: object) -> NodeResult:
    return NodeResult(
        name=str(getattr(getattr(result, "node", None), "name", "")),
        status=str(getattr(result, "status", "")),
        message=str(getattr(result, "message", "") or ""),
        failures=int(getattr(result, "failures", 0) or 0),
    )
