"""Batchbook's side: each work is what a page or a command does, without HTTP, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO, cast

import sqlalchemy
from sqlalchemy import URL, make_url, select

import batchbook
from batchbook.batches import Action
from batchbook.batches.editing import RowRemover
from batchbook.batches.editing.change_rules import ColumnChange, Rule
from batchbook.batches.editing.column_changer import ColumnChanger
from batchbook.batches.editing.undo import Undoer
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.file_intake import file_source_of
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.bulk_edits import BATCH_ROWS
from batchbook.batches.running.runner import ActionCall, InlineRunner
from batchbook.batches.seal.verification import Result as Verified
from batchbook.batches.seal.verification import verify
from batchbook.cli.processes import freeze_heap
from batchbook.db.transactions import transaction_scope
from batchbook.master import Caller, GridReference
from batchbook.master.record_pages import write_export
from batchbook.security.default_roles import install_default_roles
from batchbook.security.identity import identity_called
from batchbook.security.models import Role, User
from batchbook.services import services_of
from batchbook.tables.formats.sheet_cache import SHEET_CACHE
from benchmarks.floors.price_change import PERCENT
from benchmarks.inputs import Inputs
from benchmarks.measuring import count_on

#: The user who does everything.
ACTOR = "benchmark"


class Product:
    """Batches of the type ``key`` in the database at ``url``, one after the other. Statements are counted.

    The application of a process stays, with the statements that it has compiled, when the database is replaced by a fresh one.
    """

    def __init__(self, key: str, url: URL) -> None:
        self._key, self._services = key, services_of(application(url).registry)
        self._types = self._services.get(BatchTypes)
        self._runner = InlineRunner(self._types, self._services.settings)
        self._engine = self._services.get(sqlalchemy.Engine)
        with transaction_scope(self._engine) as session:
            add_admin(session, ACTOR)
        self.batch = self.copy = 0
        #: The seconds until the last export wrote something.
        self.first_byte: float | None = None

    def populate_csv(self, inputs: Inputs) -> None:
        """Create a batch with a CSV, which is stored with it and inspected, and populate it; its rows are refreshed too."""
        self.batch = self.take_in(inputs.price_list if self._key == "price_change" else inputs.table)

    def populate_xlsx(self, inputs: Inputs) -> None:
        """Create a batch with a workbook, and populate it."""
        assert inputs.workbook is not None
        SHEET_CACHE.forget()
        self.take_in(inputs.workbook)

    def populate_query(self, _inputs: Inputs) -> None:
        """Create a batch for all products, and populate it with their prices raised and rounded."""
        with self.engine() as engine:
            texts = {"percent": str(PERCENT), "rounding": "nine"}
            batch = create_batch(engine, self._key, texts).id
            self._submit(engine, batch, Action.POPULATE)

    def refresh(self, _inputs: Inputs) -> None:
        """Refresh the first batch."""
        self._act(self.batch, Action.REFRESH)

    def clone(self, _inputs: Inputs) -> None:
        """Clone the first batch."""
        self.copy = self._act(self.batch, Action.CLONE).batch_id or 0

    def bulk_change(self, _inputs: Inputs) -> None:
        """Raise all new prices of the copy by one per cent."""
        with self.engine() as engine:
            change = ColumnChange(Rule.PERCENT, ["new_price"], "1")
            ColumnChanger(engine).store(self.copy, sqlalchemy.true(), change)

    def undo(self, _inputs: Inputs) -> None:
        """Undo that."""
        with self.engine() as engine:
            Undoer(engine).undo(self.copy)

    def bulk_remove(self, _inputs: Inputs) -> None:
        """Remove every second row of the copy."""
        with self.engine() as engine:
            row = engine.context_of(engine.find(self.copy)).row
            RowRemover(engine).remove_where(self.copy, row.sequence % 2 == 0)

    def delete(self, _inputs: Inputs) -> None:
        """Delete the copy."""
        self._act(self.copy, Action.DELETE)

    def complete(self) -> None:
        """Mark the first batch complete; not measured, but it must come before executing."""
        self._act(self.batch, Action.COMPLETE)

    def execute(self, _inputs: Inputs) -> None:
        """Execute the first batch."""
        options = {"apply": "good"} if self._key == "import" else {}
        self._act(self.batch, Action.EXECUTE, options | {"confirm": "all"})

    def export_csv(self, inputs: Inputs) -> None:
        """Write the rows of the first batch as CSV."""
        self._export("csv", inputs)

    def export_xlsx(self, inputs: Inputs) -> None:
        """Write the rows of the first batch as XLSX."""
        self._export("xlsx", inputs)

    def verify(self, _inputs: Inputs) -> None:
        """Verify the seal of the first batch."""
        with transaction_scope(self._engine, read_only=True) as session:
            (verdict,) = verify(session, [self.batch])
            if verdict.result is not Verified.AS_SEALED:
                raise RuntimeError(f"The batch {verdict.result}: {verdict.difference}")

    def take_in(self, path: Path) -> int:
        """Return the number of a new batch with the rows of a file."""
        with self.engine() as engine, path.open("rb") as file:
            texts = {"target": "product"} if self._key == "import" else {}
            batch = create_batch(engine, self._key, texts, file, path.name)
            context = engine.context_of(batch)
            file_source_of(context).inspect(context.handler, batch)
            number = batch.id
            self._submit(engine, number, Action.POPULATE)
        return number

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Yield an engine in a transaction of its own."""
        with transaction_scope(self._engine) as session:
            yield Engine(session, self._types, self._services.settings, ACTOR)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _act(self, batch: int, action: Action, options: Mapping[str, str] | None = None) -> Result:
        with self.engine() as engine:
            return self._submit(engine, batch, action, options)

    def _submit(
        self, engine: Engine, batch: int, action: Action, options: Mapping[str, str] | None = None
    ) -> Result:
        result = self._runner.submit(engine.session, ActionCall(batch, action, ACTOR, options or {}))
        if result.failed:
            raise RuntimeError(result.message)
        return result

    def _export(self, file_format: str, inputs: Inputs) -> None:
        with transaction_scope(self._engine, read_only=True) as session:
            caller = Caller(self._services, session, identity_called(session, ACTOR))
            grid = GridReference(BATCH_ROWS, {"batch_id": self.batch}).open(caller)
            with inputs.catalogue.with_name(f"product.{file_format}").open("wb") as target:
                file = _NotingFile(target)
                write_export(grid.grid.file_columns, file_format, grid.rows(), cast("BinaryIO", file))
            self.first_byte = file.first


def application(url: URL) -> Any:
    """Return the whole application on a database, which a process loads once, as a server does. Its statements are counted."""
    return _application(url.render_as_string(hide_password=False))


@cache
def _application(address: str) -> Any:
    app = batchbook.main({}, **settings_for(make_url(address)))
    engine = services_of(app.registry).get(sqlalchemy.Engine)
    count_on(engine)
    engine.dispose()
    freeze_heap()
    return app


class _NotingFile:
    """A file that notes after how many seconds something is written to it for the first time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._start = file, perf_counter()
        self.first: float | None = None

    def write(self, data: bytes) -> int:
        if self.first is None:
            self.first = perf_counter() - self._start
        return self._file.write(data)

    def writelines(self, parts: Iterable[bytes]) -> None:
        for part in parts:
            self.write(part)


def settings_for(url: URL) -> dict[str, Any]:
    """Return the settings of an application in one process that performs everything at once."""
    return {
        "sqlalchemy.url": url.render_as_string(hide_password=False),
        "batchbook.development": "true",
        "batchbook.secure_cookies": "false",
        "batchbook.jobs": "inline",
    }


def add_admin(session: Any, name: str, password_hash: str = "") -> None:
    """Add a user who may do everything."""
    install_default_roles(session)
    admin = session.scalars(select(Role).where(Role.name == "admin")).one()
    session.add(User(name=name, full_name="", password_hash=password_hash, roles=[admin]))
