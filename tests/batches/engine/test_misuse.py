"""Handlers that try to end the transaction, to change the schema, or to write by a second connection."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.exc import IntegrityError
from tests.batches.harness import BatchHarness, on_hand, snapshot, stock
from tests.batches.shelf_count import COUNTS, Remembering, ShelfCount

from batchbook.batches import Action, Callbacks, Outcome, Rows, RowValues
from batchbook.batches.models import Operation
from batchbook.catalog.models import Product
from batchbook.db import Base
from batchbook.errors import Misuse

Way = Callable[[Any], object]


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))


def driver_of(session: Any) -> Any:
    return session.connection().connection.driver_connection


def raw(session: Any, statement: str) -> Any:
    cursor = driver_of(session).cursor()
    try:
        return cursor.execute(statement)
    finally:
        cursor.close()


#: Ways that both databases know. What they do is refused at once, and nothing is sent.
WAYS: dict[str, Way] = {
    "session.commit": lambda session: session.commit(),
    "session.rollback": lambda session: session.rollback(),
    "session.close": lambda session: session.close(),
    "session.reset": lambda session: session.reset(),
    "connection.commit": lambda session: session.connection().commit(),
    "connection.rollback": lambda session: session.connection().rollback(),
    "connection.close": lambda session: session.connection().close(),
    "connection.detach": lambda session: session.connection().detach(),
    "text": lambda session: session.execute(text("  /* done */ COMMIT")),
    "exec_driver_sql": lambda session: session.connection().exec_driver_sql("ROLLBACK"),
    "end": lambda session: session.execute(text("END")),
    "begin": lambda session: session.execute(text("BEGIN")),
    "savepoint": lambda session: session.execute(text("SAVEPOINT mine")),
    "driver.commit": lambda session: driver_of(session).commit(),
    "driver.rollback": lambda session: driver_of(session).rollback(),
    "driver.cursor": lambda session: raw(session, "-- now\nCOMMIT"),
    "create": lambda session: session.execute(text("CREATE TABLE mine (a INTEGER)")),
    "create temporary": lambda session: session.execute(text("CREATE TEMP TABLE mine (a INTEGER)")),
    "alter": lambda session: raw(session, "ALTER TABLE product ADD COLUMN mine INTEGER"),
    "drop": lambda session: session.connection().exec_driver_sql("DROP TABLE batch_file_chunk"),
    "index": lambda session: session.execute(text("CREATE INDEX ix_mine ON product (description)")),
    "engine": lambda session: write_by_another(session),
}  # fmt: skip
SQLITE: dict[str, Way] = {
    "executescript": lambda session: driver_of(session).executescript(
        "UPDATE product SET on_hand = 0; COMMIT;"
    ),
    "isolation_level": lambda session: setattr(driver_of(session), "isolation_level", None),
    "with": lambda session: driver_of(session).__exit__(None, None, None),
    "pragma": lambda session: session.execute(text("PRAGMA foreign_keys = OFF")),
    "attach": lambda session: raw(session, "ATTACH ':memory:' AS mine"),
    "reindex": lambda session: raw(session, "REINDEX"),
}
POSTGRESQL: dict[str, Way] = {
    "several": lambda session: session.connection().exec_driver_sql("UPDATE product SET on_hand = 0; COMMIT"),
    "abort": lambda session: session.execute(text("ABORT")),
    "prepare": lambda session: session.execute(text("PREPARE TRANSACTION 'mine'")),
    "set": lambda session: session.execute(text("SET TRANSACTION READ ONLY")),
    "setting": lambda session: session.execute(text("SET work_mem = '1MB'")),
    "driver.execute": lambda session: driver_of(session).execute("COMMIT"),
    "bytes": lambda session: driver_of(session).execute(b"COMMIT"),
    "driver.transaction": lambda session: driver_of(session).transaction().__enter__(),
    "block": lambda session: session.execute(text("DO $$ BEGIN COMMIT; END $$")),
    "truncate": lambda session: session.execute(text("TRUNCATE product")),
    "into": lambda session: session.execute(text("SELECT * INTO mine FROM product")),
}
#: Ways through what SQLAlchemy holds, which is of no use afterwards; the database's transaction is as it was.
BREAKING: dict[str, Way] = {
    "session.get_transaction": lambda session: session.get_transaction().commit(),
    "connection.get_transaction": lambda session: session.connection().get_transaction().commit(),
    "transaction.rollback": lambda session: session.connection().get_transaction().rollback(),
    "another's savepoint": lambda session: session.connection().get_nested_transaction().rollback(),
}


def write_by_another(session: Any) -> None:
    with session.get_bind().begin() as connection:
        connection.execute(update(Product).values(on_hand=0))


class Trying(Remembering):
    """Does ``way`` in the midst of the hook that ``where`` names, after it has written."""

    callbacks = Callbacks(
        setup=lambda handler, action, _batch: handler.attempt(f"setup {action}"),
        teardown=lambda handler, action, _batch: handler.attempt(f"teardown {action}"),
        on_complete=lambda handler, _batch: handler.attempt("complete"),
    )
    where = ""
    way: Any = staticmethod(lambda session: None)
    swallows = False
    calls: Any = ()

    def attempt(self, where: str) -> None:
        if self.where != where:
            return
        self.session.execute(update(Product).values(on_hand=99))
        try:
            self.way(self.session)
        except Exception:
            if not self.swallows:
                raise

    def populate(self, batch: ShelfCount) -> Iterator[RowValues]:
        yield from ({"item_code": f"{n:03}", "counted": n} for n in range(5, 9))
        self.attempt("populate")
        yield {"item_code": "009", "counted": 1}

    def refresh(self, batch: ShelfCount, rows: Rows) -> None:
        super().refresh(batch, rows)
        self.attempt("refresh")

    def why_not_execute(self, batch: ShelfCount) -> str | None:
        self.attempt("why")
        return None

    def execute(self, batch: ShelfCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        outcome = super().execute(batch, rows, options)
        self.attempt("execute")
        return outcome

    def header_status(self, batch: ShelfCount) -> str:
        self.attempt("status")
        return super().header_status(batch)


def trying(harness: BatchHarness, where: str, way: Way, **parts: Any) -> BatchHarness:
    return harness.with_handler(type("T", (Trying,), {"where": where, "way": staticmethod(way)} | parts))


def ways_for(engine: Engine) -> dict[str, Way]:
    return WAYS | (SQLITE if engine.dialect.name == "sqlite" else POSTGRESQL)


def brought_to(harness: BatchHarness, action: Action) -> int:
    batch_id = harness.create(shelf="A")
    plain = trying(harness, "", lambda session: None)
    if action is not Action.POPULATE:
        plain.run(batch_id, Action.POPULATE)
    if action is Action.EXECUTE:
        plain.run(batch_id, Action.COMPLETE)
    return batch_id


def everything(engine: Engine) -> Any:
    found = dict(snapshot(engine, Base.metadata, COUNTS))
    return {name: rows for name, rows in found.items() if name not in ("batch", "operation")}


@pytest.mark.parametrize(
    ("backend", "way"),
    [
        *(("sqlite", way) for way in (*WAYS, *SQLITE)),
        *(("postgresql", way) for way in (*WAYS, *POSTGRESQL)),
    ],
)
def test_it_is_refused_at_once_and_everything_is_as_it_was(
    engine: Engine, harness: BatchHarness, way: str
) -> None:
    batch_id = brought_to(harness, Action.EXECUTE)
    before, version = everything(engine), harness.batch(batch_id).version
    result = trying(harness, "execute", ways_for(engine)[way]).run(batch_id, Action.EXECUTE)
    assert result.failed
    assert " was refused: " in result.message
    assert result.message.endswith("Everything is as it was before.")
    batch = harness.batch(batch_id)
    assert (batch.state, batch.version) == ("complete", version + 1)
    assert " was refused: " in (batch.failure or "")
    assert harness.operations(batch_id)[-1][0] == "failure"
    assert everything(engine) == before
    again = trying(harness, "", lambda session: None).run(batch_id, Action.EXECUTE)
    assert not again.failed


@pytest.mark.parametrize("way", ["session.commit", "text", "driver.commit", "create", "engine"])
def test_going_on_after_a_refusal_does_not_help(engine: Engine, harness: BatchHarness, way: str) -> None:
    batch_id = brought_to(harness, Action.EXECUTE)
    before = everything(engine)
    result = trying(harness, "execute", WAYS[way], swallows=True).run(batch_id, Action.EXECUTE)
    assert result.failed
    assert " was refused: " in result.message
    assert everything(engine) == before


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("way", BREAKING)
@pytest.mark.parametrize("swallows", [False, True])
def test_where_the_transaction_cannot_go_on_all_of_it_is_given_up(
    engine: Engine, harness: BatchHarness, way: str, swallows: bool
) -> None:
    batch_id = brought_to(harness, Action.EXECUTE)
    before, history = everything(engine), len(harness.operations(batch_id))
    catalogue = trying(harness, "execute", BREAKING[way], swallows=swallows)
    try:
        said = catalogue.run(batch_id, Action.EXECUTE).message
    except Misuse as error:
        said = error.message
    assert "Nothing of it was kept." in said or "Everything is as it was before." in said
    batch = harness.batch(batch_id)
    assert (batch.state, everything(engine)) == ("complete", before)
    assert batch.failure is not None
    assert len(harness.operations(batch_id)) == history + 1


HOOKS = {
    "populate": Action.POPULATE,
    "setup populate": Action.POPULATE,
    "teardown populate": Action.POPULATE,
    "refresh": Action.REFRESH,
    "status": Action.REFRESH,
    "complete": Action.COMPLETE,
    "why": Action.EXECUTE,
    "setup execute": Action.EXECUTE,
    "teardown execute": Action.EXECUTE,
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("way", ["session.commit", "text", "create"])
def test_every_hook_is_guarded(engine: Engine, harness: BatchHarness, hook: str, way: str) -> None:
    batch_id = brought_to(harness, HOOKS[hook])
    state, before = harness.batch(batch_id).state, everything(engine)
    result = trying(harness, hook, WAYS[way]).run(batch_id, HOOKS[hook])
    assert result.failed
    assert "Everything is as it was before." in result.message
    assert (harness.batch(batch_id).state, everything(engine)) == (state, before)


@pytest.mark.parametrize("way", ["session.commit", "driver.commit", "create"])
def test_an_edit_is_refused_with_a_sentence_and_nothing_is_kept(
    engine: Engine, harness: BatchHarness, way: str
) -> None:
    batch_id = brought_to(harness, Action.REFRESH)
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Misuse, match=" was refused: "):
        trying(harness, "refresh", WAYS[way]).edit(batch_id, 1, counted="3")
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_what_is_not_refused_goes_on_working(engine: Engine, harness: BatchHarness) -> None:
    """Savepoints, also those that are rolled back, within others, and by a flush that fails."""

    def fail(session: Any) -> None:
        with session.begin_nested():
            session.execute(update(Product).values(on_hand=1))
            raise LookupError

    def clash(session: Any) -> None:
        with session.begin_nested():
            session.add(Product(item_code="007", description="TWICE", price=1))
            session.flush()

    def try_parts(session: Any) -> None:
        with pytest.raises(LookupError):
            fail(session)
        with session.begin_nested():
            session.execute(update(Product).values(on_hand=2))
            with session.begin_nested() as inner:
                session.execute(update(Product).values(on_hand=3))
                inner.rollback()
        with pytest.raises(IntegrityError):
            clash(session)
        with session.begin_nested():
            session.execute(text("UPDATE product SET on_hand = on_hand + 40 WHERE item_code = '009'"))

    batch_id = brought_to(harness, Action.EXECUTE)
    result = trying(harness, "execute", try_parts).run(batch_id, Action.EXECUTE)
    assert not result.failed, result.message
    assert on_hand(engine) == {"007": 2, "008": 2, "009": 42}


def test_a_flush_that_fails_is_told_as_what_it_is(engine: Engine, harness: BatchHarness) -> None:
    def clash(session: Any) -> None:
        session.add(Product(item_code="007", description="TWICE", price=1))
        session.flush()

    batch_id = brought_to(harness, Action.EXECUTE)
    before = everything(engine)
    result = trying(harness, "execute", clash).run(batch_id, Action.EXECUTE)
    assert result.failed
    assert "unique" in result.message.lower()
    assert everything(engine) == before


def end_it_behind_all_backs(session: Any) -> None:
    """End the transaction as nothing can see that watches the driver."""
    driver = driver_of(session)
    if isinstance(driver, sqlite3.Connection):
        driver.set_authorizer(None)
        driver.commit()
    else:
        driver.pgconn.exec_(b"COMMIT")


@pytest.mark.parametrize("and_then", ["return", "raise"])
def test_where_it_was_ended_all_the_same_that_is_what_is_told(
    engine: Engine, harness: BatchHarness, and_then: str, caplog: pytest.LogCaptureFixture
) -> None:
    def way(session: Any) -> None:
        end_it_behind_all_backs(session)
        if and_then == "raise":
            raise LookupError("what now")

    batch_id = brought_to(harness, Action.EXECUTE)
    with caplog.at_level(logging.ERROR), pytest.raises(Misuse) as raised:
        trying(harness, "execute", way).by("eve").run(batch_id, Action.EXECUTE)
    said = raised.value.message
    assert "may have been kept" in said
    assert "as it was before" not in said
    batch = harness.batch(batch_id)
    assert (batch.state, batch.failure, batch.executed_at) == ("complete", said, None)
    kinds = [(kind, actor) for kind, actor, *_ in harness.operations(batch_id)]
    assert kinds[-1] == ("failure", "eve")
    assert on_hand(engine) == dict.fromkeys(("007", "008", "009"), 99), "It was."
    assert any(record.exc_info for record in caplog.records)


def test_what_was_tried_is_in_the_log_with_the_line_that_tried_it(
    harness: BatchHarness, caplog: pytest.LogCaptureFixture
) -> None:
    batch_id = brought_to(harness, Action.EXECUTE)
    with caplog.at_level(logging.ERROR):
        trying(harness, "execute", WAYS["driver.commit"]).run(batch_id, Action.EXECUTE)
    assert any("test_misuse.py" in (record.stack_info or "") for record in caplog.records)


def test_the_framework_is_free_again_afterwards(engine: Engine, harness: BatchHarness) -> None:
    batch_id = brought_to(harness, Action.EXECUTE)
    with trying(harness, "execute", WAYS["session.commit"]).engine() as at_work:
        assert at_work.run(batch_id, Action.EXECUTE).failed
        at_work.session.execute(text("CREATE TABLE of_its_own (a INTEGER)"))
        at_work.session.execute(text("DROP TABLE of_its_own"))
        assert isinstance(at_work.session.query(Operation).count(), int)
