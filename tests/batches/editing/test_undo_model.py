"""Sequences of edits, additions, removals, undos and redos by two people, compared with plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.batches.editing.undo_model import FIELDS, Model, Op, RefusalError
from tests.batches.harness import BatchHarness
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches.editing import BulkEditor, HeaderEditor, RowEditor, RowRemover, Undoer, UndoResult
from batchbook.batches.editing.bulk import CellEdits
from batchbook.batches.engine.engine import Engine as Batches
from batchbook.batches.models import Operation
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Missing

FILE = "item,counted,remark\n007,7,\n008,lots,look\n007,9,\n"
RAW = "lots"

_TEXTS = {
    "item_code": st.sampled_from(["", "007", "008"]),
    "counted": st.sampled_from(["", "1", "7"]),
    "remark": st.sampled_from(["", "x", "y"]),
}
_CELL = st.sampled_from(FIELDS).flatmap(lambda name: st.tuples(st.just(name), _TEXTS[name]))
_CELLS = st.lists(_CELL, min_size=1, max_size=2).map(dict)
#: Numbers of rows, counted again from the first one after the last.
_ROW = st.integers(0, 5)
_ROWS = st.sets(_ROW, min_size=1, max_size=3)

_DEEDS = st.one_of(
    st.tuples(st.just("edit"), st.dictionaries(_ROW, _CELLS, min_size=1, max_size=1)),
    st.tuples(st.just("fill"), st.tuples(_ROWS, _CELLS).map(lambda both: dict.fromkeys(*both))),
    st.tuples(st.just("header"), st.sampled_from([{"tolerance": "5"}, {"tolerance": ""}, {"notes": "x"}])),
    st.tuples(st.just("add"), _CELLS),
    st.tuples(st.just("paste"), st.tuples(_ROWS, _CELLS, st.integers(0, 2))),
    st.tuples(st.just("remove"), _ROWS),
    st.tuples(st.just("restore"), _ROWS),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("redo"), st.none()),
    st.tuples(st.just("reverse"), st.tuples(st.integers(1, 8), st.booleans())),
)
_STORY = st.lists(st.tuples(st.sampled_from(["ann", "bob"]), _DEEDS), min_size=1, max_size=25)


class Both:
    """A batch and its model, to which the same is done."""

    def __init__(self, harness: BatchHarness) -> None:
        self.harness = harness
        self.batch_id = harness.open(FILE, shelf="A")
        rows = [("007", "7", ""), ("008", RAW, "look"), ("007", "9", "")]
        self.model = Model(
            [dict(zip(FIELDS, texts, strict=True)) | {"removed": "no"} for texts in rows],
            {"tolerance": "", "notes": ""},
            [Op("staff", "create"), Op("staff", "populate")],
        )

    def do(self, actor: str, kind: str, what: Any) -> None:
        count = len(self.model.rows)
        if kind in ("edit", "fill"):
            texts = {number % count + 1: cells for number, cells in what.items()}
            self._both(
                lambda m: m.edit(actor, kind, texts), actor, lambda e: _edit(e, self.batch_id, kind, texts)
            )
        elif kind == "header":
            self._both(
                lambda m: m.edit(actor, "edit", {0: what}),
                actor,
                lambda e: HeaderEditor(e).edit(self.batch_id, what),
            )
        elif kind == "paste":
            rows, cells, more = what
            texts = dict.fromkeys([number % count + 1 for number in rows], cells)
            added = [cells] * more
            self._both(
                lambda m: m.paste(actor, texts, added),
                actor,
                lambda e: _paste(e, self.batch_id, texts, added),
            )
        elif kind == "add":
            self._both(lambda m: m.add(actor, what), actor, lambda e: RowEditor(e).add(self.batch_id, what))
        elif kind in ("remove", "restore"):
            rows = {number % count + 1 for number in what}
            mark = "yes" if kind == "remove" else "no"
            self._both(
                lambda m: m.mark(actor, rows, mark), actor, lambda e: _mark(e, self.batch_id, rows, mark)
            )
        else:
            self._reverse(actor, kind, what)

    def _reverse(self, actor: str, kind: str, what: Any) -> None:
        if kind == "reverse":
            back, partly = what
            number = max(1, len(self.model.ops) + 1 - back)
            self._both(
                lambda m: m.reverse(actor, number, partly=partly),
                actor,
                lambda e: Undoer(e).reverse(self.batch_id, number, partly=partly),
            )
        else:
            self._both(
                lambda m: getattr(m, kind)(actor), actor, lambda e: getattr(Undoer(e), kind)(self.batch_id)
            )

    def _both(self, model: Callable[[Model], Any], actor: str, batch: Callable[[Batches], Any]) -> None:
        try:
            wanted = model(self.model)
        except RefusalError:
            with pytest.raises((Conflict, Missing)), self.harness.by(actor).engine() as engine:
                batch(engine)
            return
        with self.harness.by(actor).engine() as engine:
            result = batch(engine)
        if isinstance(result, UndoResult):
            assert wanted == (result.undone, result.left)

    def compare(self) -> None:
        harness, model = self.harness, self.model
        rows = harness.rows(self.batch_id)
        assert [_texts(row) for row in rows] == [_wanted(row) for row in model.rows]
        header: Any = harness.batch(self.batch_id)
        assert (str(header.tolerance or ""), header.notes or "") == tuple(model.header.values())
        harness.assert_counted(self.batch_id)
        with transaction_scope(harness.database, read_only=True) as session:
            order = select(Operation).where(Operation.batch_id == self.batch_id).order_by(Operation.number)
            found = [(op.kind, op.actor, op.cells, op.reverses) for op in session.scalars(order)]
        assert found == [(op.kind, op.actor, len(op.cells), op.reverses) for op in model.ops]


def _texts(row: Any) -> tuple[Any, ...]:
    """Return what a row holds: the value of a count, and its text if that could not be stored."""
    raw = [issue["raw"] for issue in row.issues or () if issue["field"] == "counted"]
    return row.item_code, row.counted, row.remark or "", row.removed, raw


def _wanted(row: dict[str, str]) -> tuple[Any, ...]:
    counted = row["counted"]
    number = int(counted) if counted.isdigit() else None
    return row["item_code"], number, row["remark"], row["removed"] == "yes", [RAW] if counted == RAW else []


def _edit(engine: Batches, batch_id: int, kind: str, texts: dict[int, dict[str, str]]) -> None:
    if kind == "edit":
        ((number, cells),) = texts.items()
        RowEditor(engine).edit(batch_id, number, cells)
    else:
        BulkEditor(engine).edit(batch_id, texts, "fill", "Filled some.")


def _paste(engine: Batches, batch_id: int, texts: Any, added: list[dict[str, str]]) -> None:
    BulkEditor(engine).edit_cells(batch_id, CellEdits(texts, add=added), "paste", lambda _edited: "Pasted.")


def _mark(engine: Batches, batch_id: int, rows: set[int], mark: str) -> None:
    remover, condition = RowRemover(engine), ShelfCountRow.sequence.in_(rows)
    if mark == "yes":
        remover.remove_where(batch_id, condition)
    else:
        remover.restore_where(batch_id, condition)


def _play(harness: BatchHarness, story: Any) -> None:
    both = Both(harness)
    for actor, (kind, what) in story:
        both.do(actor, kind, what)
    both.compare()


_SETTINGS = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(_SETTINGS, max_examples=30)
@given(story=_STORY)
def test_two_people_end_up_with_what_plain_python_says(harness: BatchHarness, story: Any) -> None:
    _play(harness, story)
