"""Problems are grouped by the database: as exactly as row by row, and by as many statements and records however many rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, update
from tests.batches.harness import BatchHarness

from batchbook.batches import issue
from batchbook.batches.editing import problem_shapes as module
from batchbook.batches.editing.problem_shapes import sample_of, shapes_of
from batchbook.batches.editing.problems import (
    Problem,
    Problems,
    SimilarCells,
    cell_columns,
    find_similar,
    problems_of,
)
from batchbook.batches.rows.issues import sound_issues
from batchbook.db.transactions import transaction_scope
from batchbook.statuses import Severity

ODD, NONE = ("odd", "Is it?"), ("no-remark", "Say why.")
#: Issues and values of rows, as handlers, files and other programs may have left them.
NOTED: list[tuple[Any, dict[str, Any]]] = [
    ([issue("counted", "not-a-number", "No number.", raw="lots")], {}),
    ([issue("counted", "not-a-number", "No number.", raw="lots"), issue("counted", *NONE)], {}),
    ([issue("counted", *NONE), issue("counted", "not-a-number", "No number.", raw="lots")], {}),
    ([issue("counted", *ODD, Severity.WARNING)], {"counted": 7}),
    ([issue("counted", *ODD)], {"counted": 7}),
    ([issue("counted", *ODD)], {"counted": 70}),
    ([issue("counted", *ODD, raw="old text")], {"counted": 7}),
    ([issue("remark", *ODD), issue("counted", *ODD)], {"remark": "a\r\nb", "counted": 7}),
    ([issue("remark", *ODD)], {"remark": "a\nb", "counted": 9}),
    ([issue("remark", *NONE), issue("remark", *NONE)], {"counted": 10}),
    ([issue("remark", *NONE, suggestions=["“ü”\\"])], {"remark": ""}),
    ([issue("remark", *ODD, raw='“ü” "5\\6"')], {}),
    ([issue("nowhere", *ODD, raw="gone")], {}),
    ({"field": "remark", "code": "alone", "message": "No list."}, {"remark": "alone"}),
    ([{"field": "remark", "code": "bad", "message": "?", "severity": "dire", "raw": 5}], {}),
    (["just a text"], {}),
    ([], {}),
    (None, {"remark": "nothing is wrong"}),
]
ONE = pytest.mark.parametrize("backend", ["sqlite"])


def noted(harness: BatchHarness, *rows: tuple[Any, dict[str, Any]]) -> int:
    """Return the number of a batch whose rows have these issues and values."""
    lines = "".join(f"{n:05d},1,\n" for n in range(1, len(rows) + 1))
    batch_id = harness.open(f"item,counted,remark\n{lines}", shelf="A")
    row = harness.batch_type.row
    with transaction_scope(harness.database) as session:
        for sequence, (issues, values) in enumerate(rows, start=1):
            found = update(row).where(row.batch_id == batch_id, row.sequence == sequence)
            session.execute(
                found.values({"counted": None, "remark": None, "status": None, **values, "issues": issues})
            )
    return batch_id


def problems(harness: BatchHarness, batch_id: int) -> Problems:
    with harness.engine() as engine:
        return problems_of(engine.context_of(engine.find(batch_id)))


def row_by_row(harness: BatchHarness, batch_id: int) -> dict[tuple[str, str, str], tuple[str, list[int]]]:
    """Return the severity of the first problem of each group, and the rows of all, by field, code and text."""
    found: dict[tuple[str, str, str], tuple[str, list[int]]] = {}
    for row in harness.rows(batch_id):
        issues = [] if row.removed else sound_issues(row.issues) or []
        for one in issues:
            name = one["field"]
            value = None if name == "issues" else row.get(name)
            raw = next((other["raw"] for other in issues if other["field"] == name and other["raw"]), "")
            text = str(raw if value is None or (value == "" and raw) else value).replace("\r\n", "\n")
            found.setdefault((name, one["code"], text), (one["severity"], []))[1].append(row.sequence)
    return found


@contextmanager
def counting(database: Engine) -> Iterator[list[str]]:
    """Collect the statements of the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database, "before_cursor_execute", note)


def told(group: Problem) -> tuple[Any, ...]:
    return (group.field, group.code, group.text), (group.severity, group.count, group.rows)


@pytest.mark.parametrize("span", [2, 20_000])
@pytest.mark.parametrize("sample", [1, 20, 200])
def test_the_groups_are_those_that_reading_row_by_row_finds(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch, span: int, sample: int
) -> None:
    monkeypatch.setattr(module, "_SPAN", span)
    monkeypatch.setattr(module, "_SAMPLE", sample)
    # The first rows are alike, so that other fields turn up after a small sample; that of one row takes all for different.
    batch_id = noted(harness, *NOTED[:1] * 20, *NOTED, *reversed(NOTED))
    harness.remove(batch_id, 2)
    expected = row_by_row(harness, batch_id)
    found = problems(harness, batch_id)
    assert dict(map(told, found.groups)) == {
        key: (severity, len(rows), rows[:20]) for key, (severity, rows) in expected.items()
    }
    codes: Counter[str] = Counter()
    for (_, code, _), (_, rows) in expected.items():
        codes[code] += len(rows)
    assert (found.codes, found.others) == (codes, 0)
    assert found.rows == len({row for _, rows in expected.values() for row in rows})


def test_cells_alike_are_those_of_the_group(harness: BatchHarness) -> None:
    batch_id = noted(harness, *NOTED, *NOTED)
    groups: dict[tuple[str, str], set[int]] = defaultdict(set)
    for (name, _, text), (_, rows) in row_by_row(harness, batch_id).items():
        groups[name, text].update(rows)
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        columns = cell_columns(context.row, context.access)
        for (name, text), rows in groups.items():
            found = find_similar(context, SimilarCells(name, text)).versions
            assert sorted(found) == (sorted(rows) if name in columns else []), (name, text)


def test_as_many_statements_and_records_however_many_rows_have_the_same_problems(
    harness: BatchHarness,
) -> None:
    costs = []
    for times in (2, 40):
        batch_id = noted(harness, *NOTED[:9] * times)
        with counting(harness.database) as statements:
            assert problems(harness, batch_id).rows == 9 * times
        with harness.engine() as engine:
            context = engine.context_of(engine.find(batch_id))
            costs.append((len(statements), len([*shapes_of(context, sample_of(context).fields)])))
    assert costs[0] == costs[1]
    assert costs[0][1] == len(NOTED[:9])


def test_the_first_rows_of_a_group_are_named_wherever_its_other_rows_are(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SPAN", 7)
    batch_id = noted(harness, *[NOTED[3], NOTED[4], NOTED[0]] * 20)
    seven = next(group for group in problems(harness, batch_id).groups if group.text == "7")
    assert (seven.count, seven.severity) == (40, "warning")
    assert seven.rows == [n for n in range(1, 61) if n % 3][:20]


@ONE
def test_values_of_other_fields_do_not_tell_shapes_apart(harness: BatchHarness) -> None:
    rows = [([issue("remark", *NONE)], {"counted": n}) for n in range(30)]
    batch_id = noted(harness, *rows, ([issue("counted", *ODD)], {"counted": 5}))
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert sample_of(context) == ({"remark", "counted"}, False)
        assert len([*shapes_of(context, {"remark", "counted"})]) == 2
