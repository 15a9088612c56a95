"""Attacks that both databases understand. Every one must fail and leave every table as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from batchbook.batches import Action, Batch, State
from batchbook.batches.models import BatchFile, BatchFileChunk, CellChange, Operation
from batchbook.batches.review.models import BatchComment
from batchbook.db.bulk_writing import bulk_insert, bulk_update
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

from .attacked import PARTS, REFUSED, Attacked, columns, table

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = (PriceChangeRow, BatchFile, BatchFileChunk, Operation, CellChange, BatchComment)
CHILDREN = [name for name in PARTS if name not in ("batch", "price_change")]
CHANGED = {
    "batch": "notes = 'x'",
    "price_change": "vendor_code = 'x'",
    "price_change_row": "new_price = 1",
    "batch_file": "name = 'x'",
    "batch_file_chunk": "data = 'x'",
    "operation": "actor = 'x'",
    "cell_change": "\"new\" = 'x'",
    "batch_comment": "text = 'x'",
    "batch_effect": "record_key = 'x'",
    "batch_approval": "meaning = 'x'",
}


HEADER_CHANGES = [
    "state = 'open'",
    "state = 'executing'",
    "purge_after = '2001-01-01 00:00:00'",
    "executed_by = 'nobody'",
    "version = version + 1",
    "type = 'other'",
    "state = 'open', purge_after = '2001-01-01 00:00:00'",
]


# --- SQL -------------------------------------------------------------------------------------------------------------


def test_no_statement_changes_what_is_frozen(attacked: Attacked, subtests: pytest.Subtests) -> None:
    for part in PARTS:
        with subtests.test(str(part)):
            key = PARTS[part]
            attacked.refused(f"UPDATE {part} SET {CHANGED[part]} WHERE {key} = {{frozen}}")
            attacked.refused(f"UPDATE {part} SET {CHANGED[part]}")
            attacked.refused(f"UPDATE {part} SET {key} = {key} WHERE {key} = {{frozen}}")
            attacked.refused(f"UPDATE {part} SET {key} = 4711 WHERE {key} = {{frozen}}", REFUSED)
            attacked.refused(f"DELETE FROM {part} WHERE {key} = {{frozen}}")
            attacked.refused(f"DELETE FROM {part}")
            attacked.refused(
                f"WITH it AS (SELECT {{frozen}} AS id) DELETE FROM {part} WHERE {key} IN (SELECT id FROM it)"
            )


def test_nothing_is_put_into_or_taken_out_of_what_is_frozen(
    attacked: Attacked, subtests: pytest.Subtests
) -> None:
    for part in CHILDREN:
        with subtests.test(str(part)):
            last = list(table(part).primary_key)[-1].name
            names, values = columns(part, **{last: f'"{last}" + 100'})
            attacked.refused(
                f"INSERT INTO {part} ({names}) SELECT {values} FROM {part} WHERE batch_id = {{frozen}}"
            )
            names, values = columns(part, **{last: f'"{last}" + 100', "batch_id": "{frozen}"})
            attacked.refused(
                f"INSERT INTO {part} ({names}) SELECT {values} FROM {part} WHERE batch_id = {{open}}"
            )
            for change, where in (
                (f"{last} = {last} + 100, batch_id = {{frozen}}", "{open}"),
                (f"{last} = {last} + 100, batch_id = {{open}}", "{frozen}"),
                (f"{last} = {last} + 100", "{frozen}"),
            ):
                attacked.refused(f"UPDATE {part} SET {change} WHERE batch_id = {where}", REFUSED)


def test_the_header_does_not_leave_its_state(attacked: Attacked, subtests: pytest.Subtests) -> None:
    for change in HEADER_CHANGES:
        with subtests.test(str(change)):
            attacked.refused(f"UPDATE batch SET {change} WHERE id = {{frozen}}")
            attacked.refused(f"UPDATE batch SET {change} WHERE state = 'executed'")


def test_no_batch_is_born_executed(attacked: Attacked) -> None:
    names, values = columns("batch", id="4711")
    attacked.refused(f"INSERT INTO batch ({names}) SELECT {values} FROM batch WHERE id = {{frozen}}")


def test_several_at_once_are_refused_if_one_is_frozen(attacked: Attacked) -> None:
    for part, key in PARTS.items():
        attacked.refused(f"DELETE FROM {part} WHERE {key} IN ({{open}}, {{frozen}})")
        attacked.refused(f"UPDATE {part} SET {CHANGED[part]} WHERE {key} IN ({{open}}, {{frozen}})")


# --- ORM and bulk ----------------------------------------------------------------------------------------------------


def first(session: Session, model: Any, batch_id: int) -> Any:
    return session.scalars(select(model).where(model.batch_id == batch_id)).first()


def by_orm(attacked: Attacked, work: Callable[[Session], Any]) -> None:
    def attack() -> None:
        with transaction_scope(attacked.engine) as session:
            work(session)

    attacked.refused(attack)


def test_the_orm_does_not_change_the_header(attacked: Attacked) -> None:
    def header(session: Session) -> PriceChange:
        return session.get_one(PriceChange, attacked.frozen)

    by_orm(attacked, lambda session: setattr(header(session), "notes", "x"))
    by_orm(attacked, lambda session: setattr(header(session), "vendor_code", "x"))
    by_orm(attacked, lambda session: setattr(header(session), "state", State.OPEN))
    by_orm(attacked, lambda session: setattr(header(session), "purge_after", NOW))
    by_orm(attacked, lambda session: session.delete(header(session)))
    by_orm(attacked, lambda session: session.execute(delete(Batch).where(Batch.id == attacked.frozen)))
    by_orm(attacked, lambda session: session.execute(update(Batch).values(notes="x")))
    by_orm(
        attacked,
        lambda session: session.execute(update(Batch), [{"id": attacked.frozen, "notes": "x"}]),
    )


def test_the_orm_does_not_change_the_parts(attacked: Attacked, subtests: pytest.Subtests) -> None:
    for model in MODELS:
        with subtests.test(model.__tablename__):
            attack_part_by_orm(attacked, model)


def attack_part_by_orm(attacked: Attacked, model: Any) -> None:
    keys = [column.name for column in model.__table__.primary_key]
    last = keys[-1]

    def moved(session: Session, source: int, target: int) -> None:
        found = first(session, model, source)
        values = {column.name: getattr(found, column.name) for column in model.__table__.columns}
        session.add(model(**{**values, "batch_id": target, last: 4711}))

    def changed(session: Session) -> None:
        found = first(session, model, attacked.frozen)
        name = CHANGED[model.__tablename__].partition(" ")[0].strip('"')
        setattr(found, name, b"x" if name == "data" else 7 if name == "new_price" else "x")

    by_orm(attacked, lambda session: moved(session, attacked.open, attacked.frozen))
    by_orm(attacked, lambda session: moved(session, attacked.frozen, attacked.frozen))
    by_orm(attacked, changed)
    by_orm(attacked, lambda session: session.delete(first(session, model, attacked.frozen)))
    by_orm(
        attacked,
        lambda session: session.execute(delete(model).where(model.batch_id == attacked.frozen)),
    )


def test_bulk_writing_is_refused(attacked: Attacked) -> None:
    rows = PriceChangeRow.__table__
    one = {"batch_id": attacked.frozen, "sequence": 99, "item_code": "x", "version": 1, "removed": False}

    def connection(session: Session) -> Any:
        return session.connection()

    by_orm(attacked, lambda s: bulk_insert(connection(s), rows, list(one), [tuple(one.values())]))
    by_orm(
        attacked,
        lambda s: bulk_update(
            connection(s), rows, ("batch_id", "sequence"), ("item_code",), [("x", attacked.frozen, 1)]
        ),
    )
    by_orm(attacked, lambda s: s.execute(insert(PriceChangeRow), [one | {"over_limit": False}]))


# --- The programs' own ways in ---------------------------------------------------------------------------------------


def test_editors_say_it_in_a_sentence(attacked: Attacked) -> None:
    catalogue, frozen = attacked.catalogue, attacked.frozen
    ways: tuple[Callable[[], Any], ...] = (
        lambda: catalogue.edit(frozen, 1, new_price="3.00"),
        lambda: catalogue.add(frozen, item_code="001"),
        lambda: catalogue.remove(frozen, 1),
        lambda: catalogue.remove(frozen, 3, removed=False),
        lambda: catalogue.remove_where(frozen, PriceChangeRow.sequence > 0),
        lambda: catalogue.edit_header(frozen, notes="x"),
        lambda: catalogue.delete(frozen),
        lambda: catalogue.run(frozen, Action.EXECUTE),
    )
    before = attacked.all()
    for way in ways:
        with pytest.raises(Conflict, match=r"was not \w+\. It was executed by staff on .* and is frozen"):
            way()
    assert attacked.all() == before


# --- What stays possible ---------------------------------------------------------------------------------------------


def test_an_open_batch_beside_it_stays_as_it_was(attacked: Attacked) -> None:
    catalogue = attacked.catalogue
    frozen = {name: rows for name, rows in attacked.all().items() if name in PARTS}
    catalogue.edit(attacked.open, 1, new_price="3.00")
    catalogue.add(attacked.open, item_code="003", new_price="2.00")
    catalogue.remove(attacked.open, 3, removed=False)
    catalogue.edit_header(attacked.open, notes="x")
    catalogue.run(attacked.open, Action.REFRESH)
    attacked.raw("UPDATE price_change_row SET size = 'x' WHERE batch_id = {open}")
    catalogue.assert_counted(attacked.open)
    for name, rows in attacked.all().items():
        if name in PARTS:
            place = list(table(name).columns.keys()).index(PARTS[name])
            mine = [row for row in rows if row[place] == attacked.frozen]
            assert mine == [row for row in frozen[name] if row[place] == attacked.frozen]
    assert catalogue.delete(attacked.open).endswith("was deleted, with its 4 rows, files and history.")


def test_a_clone_of_it_is_free(attacked: Attacked) -> None:
    before = attacked.all()
    clone = attacked.catalogue.clone(attacked.frozen)
    attacked.catalogue.edit(clone, 1, new_price="9.00")
    after = attacked.all()
    for name, key in PARTS.items():
        place = list(table(name).columns.keys()).index(key)
        assert [row for row in after[name] if row[place] != clone] == before[name]
