"""What a row costs for good: bytes on disk, write-ahead log and processor time; and the connections of each process.

``python -m benchmarks.scaling`` prints the figures from which ``docs/scaling.md`` is worked out. Bytes and processor time hardly
depend on what else the machine does. PostgreSQL's log is measured without the images of whole pages that it writes by default after
each checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import URL, TextClause, text
from sqlalchemy.pool import NullPool

from batchbook.batches.rows.ddl import TABLE_PREFIX
from batchbook.db.engine import make_engine
from batchbook.jobs.store import HEARTBEAT, SCHEMA, JobStore
from benchmarks.databases import DATABASES, DatabaseServer, Postgresql
from benchmarks.inputs import Inputs, make_inputs
from benchmarks.load.servers import COMMAND, INI, await_answer, free_port, reap
from benchmarks.report import table
from benchmarks.works.product import Product

#: The tables that tell what an execution did, the files with their chunks, and the tables that are changed.
_HISTORY = ("batch_effect", "price_history", "operation", "cell_change", "cell_chunk", "seal", "seal_chunk")
_FILES = ("batch_file", "batch_file_chunk")
_TARGETS = ("product", "vendor", "department", "vendor_item")
#: All other connections to the same database.
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
#: The seconds after which a process that has started is at rest, and in which a worker starts.
_REST, _START = 6.0, 60.0


@dataclass(frozen=True)
class Stage:
    """What one stage of a batch's life added for each of its rows: bytes, and processor seconds for 1,000 of them."""

    database: str
    type: str
    stage: str
    rows: float
    row_indexes: float
    history: float
    file: float
    target: float
    wal: float
    application_seconds: float
    server_seconds: float


@dataclass(frozen=True)
class _State:
    """Bytes of each table without and with its indexes, of the write-ahead log, and processor seconds."""

    tables: Mapping[str, tuple[int, int]]
    wal: int
    application: float
    server: float


def stages(server: DatabaseServer, key: str, inputs: Inputs) -> Iterator[Stage]:
    """Yield the stages of a batch of the type ``key``: populated and refreshed, then executed with history and seal."""
    server.prepare(inputs.catalogue)
    url = server.fresh()
    product = Product(key, url)
    product.populate_csv(inputs)  # The first one loads code and compiles statements.
    before = _state(url)
    product.populate_csv(inputs)
    populated = _state(url)
    yield _stage(server.name, key, "populate and refresh", inputs.rows, before, populated)
    product.complete()
    before = _state(url)
    product.execute(inputs)
    yield _stage(server.name, key, "execute", inputs.rows, before, _state(url))
    product.close()
    server.drop(url)


def _stage(database: str, key: str, stage: str, rows: int, before: _State, after: _State) -> Stage:
    grown = {
        name: tuple(
            (now - then) / rows
            for now, then in zip(after.tables[name], before.tables.get(name, (0, 0)), strict=True)
        )
        for name in after.tables
    }
    known = (*_HISTORY, *_FILES, *_TARGETS)
    of_rows = [grown[name] for name in grown if name not in known and _is_row_table(name)]

    def total(names: Sequence[str]) -> float:
        return sum(sum(grown.get(name, ())) for name in names)

    return Stage(
        database=database,
        type=key,
        stage=stage,
        rows=sum(table for table, _indexes in of_rows),
        row_indexes=sum(indexes for _table, indexes in of_rows),
        history=total(_HISTORY),
        file=total(_FILES),
        target=total(_TARGETS),
        wal=(after.wal - before.wal) / rows,
        application_seconds=(after.application - before.application) / rows * 1_000,
        server_seconds=(after.server - before.server) / rows * 1_000,
    )


def _is_row_table(name: str) -> bool:
    return name.endswith("_row") or name.startswith(TABLE_PREFIX)


def _state(url: URL) -> _State:
    if url.get_backend_name() == "sqlite":
        return _State(_sqlite_tables(str(url.database)), 0, time.process_time(), 0.0)
    engine = make_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        sizes = (
            "SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        tables = {name: (size, indexes) for name, size, indexes in connection.execute(text(sizes))}
        wal = connection.scalar(text("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")) or 0
        seconds = sum(_processor(pid) for pid in connection.scalars(text(f"SELECT pid {_OTHERS}")))
    return _State(tables, int(wal), time.process_time(), seconds)


def _sqlite_tables(path: str) -> Mapping[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    sizes = "SELECT m.tbl_name, m.type, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1, 2"
    with closing(sqlite3.connect(path)) as connection:
        for name, kind, size in connection.execute(sizes):
            rows, indexes = found.get(name, (0, 0))
            found[name] = (rows + size, indexes) if kind == "table" else (rows, indexes + size)
    return found


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Batch:
    """What an executed batch of a single row adds to the database: bytes, and tables with their indexes."""

    database: str
    type: str
    bytes: float
    relations: float


def batch_cost(server: DatabaseServer, key: str, inputs: Inputs, batches: int = 25) -> Batch:
    """Return what a batch costs whatever its rows are, as the mean of several ``batches`` with one row each."""
    server.prepare(inputs.catalogue)
    url = server.fresh()
    product = Product(key, url)
    source = inputs.price_list if key == "price_change" else inputs.table
    heading, *lines = source.read_text().splitlines(keepends=True)
    # Rows that change something: a price that rises, or a new product.
    lines = lines[::10] if key == "price_change" else [line for line in lines if line.startswith("N")]
    path = source.with_name("one.csv")
    sizes = []
    for line in lines[: batches + 1]:
        path.write_text(heading + line)
        product.batch = product.take_in(path)
        product.complete()
        product.execute(inputs)
        sizes.append(_size(url))
    product.close()
    server.drop(url)
    (size, relations), (end, more) = sizes[0], sizes[-1]
    return Batch(server.name, key, (end - size) / batches, (more - relations) / batches)


def _size(url: URL) -> tuple[int, int]:
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            tables = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'index')"
            ).fetchone()
            (pages,), (page,) = (
                connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
            )
            return pages * page, tables[0]
    relations = "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'i', 't')"
    return _scalar(url, text("SELECT pg_database_size(current_database())")), _scalar(url, text(relations))


def connections(server: Postgresql, inputs: Inputs, folder: Path) -> dict[str, int]:
    """Return the connections that a web server at rest has to PostgreSQL, and those of a worker."""
    server.prepare(inputs.catalogue)
    url = server.fresh()
    JobStore(url).prepare()
    ini = folder / "scaling.ini"
    ini.write_text(
        INI.format(url=url.render_as_string(hide_password=False).replace("%", "%%"), jobs="workers")
    )
    port = free_port()
    with _running(ini, folder, "serve", "--listen", f"127.0.0.1:{port}") as web:
        await_answer("127.0.0.1", port, [web], folder / "scaling.log")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login") as page:
            page.read()
        found = {"web": _connected(url)}
    with _running(ini, folder, "worker"):
        beats, end = text(f"SELECT count(*) FROM {SCHEMA}.{HEARTBEAT.name}"), time.monotonic() + _START
        while not _scalar(url, beats) and time.monotonic() < end:
            time.sleep(1)
        return found | {"worker": _connected(url)}


@contextmanager
def _running(ini: Path, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    with (folder / "scaling.log").open("w") as log:
        process = subprocess.Popen([*COMMAND, "-c", str(ini), *words], stdout=log, stderr=log, text=True)
        try:
            yield process
        finally:
            process.terminate()
            reap(process)


def _connected(url: URL) -> int:
    time.sleep(_REST)
    return _scalar(url, text(f"SELECT count(*) {_OTHERS}"))


def _scalar(url: URL, statement: TextClause) -> int:
    with make_engine(url, poolclass=NullPool).connect() as connection:
        return int(connection.scalar(statement) or 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=sys.modules[__name__].__doc__
    )
    parser.add_argument("--rows", type=int, default=20_000, help="rows of each batch (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    found: list[Stage] = []
    single: list[Batch] = []
    held: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name:
        inputs = make_inputs(Path(name), options.rows)
        for kind in DATABASES.values():
            server = kind()
            try:
                for key in ("price_change", "import"):
                    found += stages(server, key, inputs)
                    single.append(batch_cost(server, key, inputs))
                if isinstance(server, Postgresql):
                    held = connections(server, inputs, Path(name))
            finally:
                server.close()
    if options.json:
        measured = {"stages": [*map(asdict, found)], "batches": [*map(asdict, single)], "connections": held}
        print(json.dumps(measured, indent=1))
        return 0
    for lines in ([*map(asdict, found)], [*map(asdict, single)]):
        print(
            "\n".join(table(list(lines[0]), [[_cell(value) for value in line.values()] for line in lines])),
            "\n",
        )
    print(f"Connections at rest: {held}")
    return 0


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3f}" if abs(value) < 1 else f"{value:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
