"""The numbers of rows come from the cells that operations changed."""

from __future__ import annotations

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from batchbook.batches.changed_rows import (
    changed_by_others,
    differing_sequences,
    edited_sequences,
    operations_of_others,
)
from batchbook.batches.history import REMEMBERED
from batchbook.batches.models import Batch, CellChange, Operation
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope

#: Operation, kind, author, row, field, text before and after.
CHANGES = [
    (1, "edit", "ann", 1, "price", "1", "2"),
    (2, "edit", "bob", 1, "price", "2", "1"),
    (2, "edit", "bob", 2, "price", "1", "2"),
    (3, "edit", "ann", 2, "price", "2", "3"),
    (3, "edit", "ann", 3, "name", None, "rye"),
    (4, REMEMBERED, "bob", 4, "name", "a", "b"),
    (5, "remove", "bob", 5, "removed", "no", "yes"),
    (6, "header", "bob", 0, "notes", None, "x"),
    (7, "edit", "bob", 6, "price", "1", "2"),
    (7, "edit", "bob", 6, "name", "a", "b"),
    (7, "edit", "bob", 6, "price", "2", "1"),
    (8, "edit", "bob", 6, "name", "b", "a"),
]


def numbers(session: Session, statement: object) -> list[int]:
    return sorted(set(session.scalars(statement)))  # type: ignore[call-overload] - Any SELECT of numbers.


def test_rows_are_edited_or_differ_or_were_changed_by_others(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        for number in (1, 2):
            header = {"id": number, "type": "batch", "created_by": "ann", "created_at": utc_now()}
            session.execute(insert(Batch.__table__), header | {"params": {}, "status_counts": {}})
        operations = {change[:3] for change in CHANGES}
        session.execute(
            insert(Operation),
            [
                {
                    "batch_id": batch,
                    "number": number,
                    "kind": kind,
                    "actor": actor,
                    "at": utc_now(),
                    "summary": "",
                }
                for number, kind, actor in operations
                for batch in (1, 2)
            ],
        )
        names = ("operation", "sequence", "field", "old", "new")
        session.execute(
            insert(CellChange),
            [
                dict(zip(names, (change[0], *change[3:]), strict=True))
                | {"batch_id": 1, "position": position}
                for position, change in enumerate(CHANGES)
            ],
        )
        assert numbers(session, edited_sequences(1, EVERYTHING)) == [1, 2, 3, 6]
        assert numbers(session, differing_sequences(1, EVERYTHING)) == [2, 3, 4]
        assert numbers(session, changed_by_others(1, "ann", 1)) == [1, 2, 4, 5, 6]
        assert numbers(session, changed_by_others(1, "bob", 1)) == [2, 3]
        assert numbers(session, changed_by_others(1, None, 6)) == [6]
        assert numbers(session, operations_of_others(1, "bob", 1)) == [3]
        assert numbers(session, edited_sequences(2, EVERYTHING)) == []
