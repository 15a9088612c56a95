"""Checks of a batch after populate and refresh, and of the number of statements that actions send."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from batchbook.batches import Action, State
from batchbook.batches.rows.row_values import NOT_STORED
from batchbook.grid import Column, Kind, columns_of
from batchbook.testing.harness import FEW, MANY, AppHarness, HarnessFixtures, HarnessOf, skip_if_quick
from batchbook.testing.sample import Sample, check, same

#: The columns that a refresh may change even if the outside data are unchanged.
_WHEN = ("modified_at",)

_UNREADABLE = "no such value"


def unreadable(column: Column) -> str | None:
    """Return a text that ``column`` cannot store; ``None`` if it can store any."""
    if column.kind is not Kind.TEXT:
        return _UNREADABLE
    return "x" * (column.max_length + 1) if column.max_length else None


class PopulateChecks(HarnessFixtures):
    """Checks of populate and refresh."""

    def test_populate_gives_numbered_rows(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """The batch is open, and its rows are numbered from 1 without gaps."""
        _, number = made
        batch, rows = harness.batch(number), harness.rows(number)
        check(batch.state == State.OPEN, f"A populated batch must be open, but is {batch.state}.")
        check(rows, "populate yielded no rows for the sample: it must yield one for each item of the source.")
        check(
            sorted(rows) == [*range(1, len(rows) + 1)],
            f"Rows must be numbered from 1, but are {sorted(rows)}.",
        )

    def test_every_status_is_declared(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """The statuses of rows and header are declared by the handler, so that pages can show them."""
        _, number = made
        handler = harness.batch_type.handler
        declared = {member.value for member in handler.statuses or ()}
        found = {row["status"] for row in harness.rows(number).values()} - {None}
        check(
            found <= declared, f"Rows have statuses that handler.statuses lacks: {sorted(found - declared)}."
        )
        status = harness.batch(number).status
        known = {None, *(member.value for member in handler.header_statuses or ())}
        check(status in known, f"The header has the status {status!r}, which handler.header_statuses lacks.")

    def test_every_value_is_one_of_its_column(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """The handler returns values of each column's type, so that they are stored."""
        _, number = made
        lost = [
            f"row {sequence}: {issue['message']}"
            for sequence, row in harness.rows(number).items()
            for issue in row["issues"] or ()
            if issue["code"] == NOT_STORED
        ]
        check(not lost, f"The handler returned values that their columns cannot store: {'; '.join(lost[:3])}")

    def test_refreshing_again_changes_nothing(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """If the outside data are unchanged, a refresh leaves each row as it is, including its version."""
        _, number = made
        before = harness.rows(number, without=_WHEN)
        harness.run(number, Action.REFRESH)
        same(
            before,
            harness.rows(number, without=_WHEN),
            "refresh must change nothing if the outside data are unchanged.",
        )

    def test_the_header_counts_its_rows(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """The counts and statuses in the header are those of the rows."""
        _, number = made
        check_counts(harness, number, "after populate")
        harness.run(number, Action.REFRESH)
        check_counts(harness, number, "after refresh")

    def test_a_bad_cell_keeps_its_row_and_its_text(self, harness: AppHarness) -> None:
        """A cell of a file that cannot be stored is empty, and has an issue with the original text."""
        with harness.transaction() as session:
            sample = self.sample(session, 3)
        column, text, spoiled = _spoiled(harness, sample)
        number = harness.create(spoiled)
        rows = harness.rows(number)
        check(1 in rows, "A row with a bad cell must be kept, but it is missing.")
        issues = [issue for issue in rows[1]["issues"] or () if issue["field"] == column.name]
        check(issues, f"The cell {column.name} of row 1 has {text!r} in the file, but no issue.")
        check(
            any(issue["raw"] == text for issue in issues),
            f"The issue of the cell {column.name} must keep the original text {text!r} as raw, but the issues are {issues}.",
        )
        check_counts(harness, number, "with a bad cell")


def check_counts(harness: AppHarness, number: int, when: str) -> None:
    """Fail the check unless the counts in the header of the batch are those of its rows."""
    batch, counted = harness.batch(number), harness.counts(number)
    stored = {name: getattr(batch, name) for name in counted}
    same(counted, stored, f"The header's counts {when} must be those of its rows (counted, then stored).")


def _spoiled(harness: AppHarness, sample: Sample) -> tuple[Column, str, Sample]:
    """Return a column of the sample's file, a text it cannot store, and the sample with that text in row 1."""
    source = harness.batch_type.handler.file_source
    columns = source.columns if source else {}
    if sample.file is None or not columns or not sample.file_name.endswith(".csv"):
        pytest.skip("The sample has no CSV file with a cell that can be spoiled.")
    headings = sample.file.decode("utf-8-sig").partition("\n")[0].lower()
    there = [name for heading, name in columns.items() if heading in headings]
    # The last column is tried first: the first one is usually the key, which identifies rows.
    found = [columns_of(harness.batch_type.row, [name])[0] for name in reversed(there)]
    texts = [(column, text) for column in found if (text := unreadable(column)) is not None]
    check(texts, "Every column of the file accepts any text: give text columns a length.")
    column, text = texts[0]
    heading = next(heading for heading, name in columns.items() if name == column.name)
    return column, text, replace(sample, file=_with_cell(sample.file, heading, text))


def _with_cell(file: bytes, heading: str, text: str) -> bytes:
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    lines[1][[name.strip().lower() for name in lines[0]].index(heading)] = text
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


#: The number of further statements allowed for many rows: more kinds of rows may need more, but not each row.
_MORE = 20
_MORE_ON_A_PAGE = 5

#: Settings that make the rows of either batch a single chunk.
_ONE_CHUNK = {"chunk_size": 2 * MANY, "refresh_chunk_size": 2 * MANY}


class CostChecks(HarnessFixtures):
    """Checks of the number of statements."""

    def test_statements_do_not_grow_with_the_rows(self, harness_of: HarnessOf) -> None:
        """Populate, refresh and execute send about as many statements for many rows in a chunk as for few."""
        costs = {}
        for rows in (FEW, MANY):
            with harness_of(0) as harness:
                costs[rows] = self._costs(harness, rows)
        few, many = costs[FEW], costs[MANY]
        for name, cost in many.items():
            check(
                cost <= few[name] + _MORE,
                f"To {name} {FEW} rows took {few[name]} statements, and {MANY} rows took {cost}."
                " Look up data once per chunk, never once per row.",
            )

    def _costs(self, harness: AppHarness, rows: int) -> dict[str, int]:
        with harness.transaction() as session:
            sample = self.sample(session, rows)
        harness.swapped = _ONE_CHUNK
        with harness.statements() as sent:
            number = harness.create(sample)
        costs = {"populate": len(sent)}
        found = len(harness.rows(number))
        check(found >= rows // 2, f"sample() must make about {rows} rows, but made {found}.")
        for action in (Action.REFRESH, Action.COMPLETE, Action.EXECUTE):
            with harness.statements() as sent:
                harness.run(number, action, options=sample.options if action is Action.EXECUTE else None)
            costs[str(action)] = len(sent)
        return costs

    def test_a_page_costs_the_same_for_few_and_many_rows(self, harness_of: HarnessOf) -> None:
        """The page of a batch sends about as many statements for many rows as for few."""
        skip_if_quick()
        costs = {}
        for rows in (FEW, MANY):
            with harness_of(rows) as harness:
                costs[rows] = _page_cost(harness)
        few, many = costs[FEW], costs[MANY]
        check(
            many <= few + _MORE_ON_A_PAGE,
            f"The page of a batch took {few} statements for {FEW} rows and {many} for {MANY}.",
        )


def _page_cost(harness: AppHarness) -> int:
    assert harness.made is not None  # noqa: S101 - For the type checker.
    client = harness.client("staff")
    with harness.statements() as sent:
        client.get(f"{harness.path}/{harness.made[1]}")
    return len(sent)
