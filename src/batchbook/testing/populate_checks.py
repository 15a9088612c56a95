"""Checks of a batch after populate and refresh, and of the number of statements they take."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from batchbook.batches import Action, State
from batchbook.batches.rows.row_values import NOT_STORED
from batchbook.grid import Column, Kind, columns_of
from batchbook.testing.harness import FEW, MANY, AppHarness, HarnessFixtures, HarnessOf
from batchbook.testing.sample import Sample, check, same

#: What a refresh may change although nothing changed: when it happened.
_WHEN = ("modified_at",)

_UNREADABLE = "no such value"


def unreadable(column: Column) -> str | None:
    """Return a text that ``column`` cannot store; ``None`` if it can store any."""
    if column.kind is not Kind.TEXT:
        return _UNREADABLE
    return "x" * (column.max_length + 1) if column.max_length else None


class PopulateChecks(HarnessFixtures):
    """Populate and refresh."""

    def test_populate_gives_numbered_rows(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """The batch is open, and its rows are numbered from 1 without gaps."""
        _, number = made
        batch, rows = harness.batch(number), harness.rows(number)
        check(batch.state == State.OPEN, f"A populated batch must be open, and is {batch.state}.")
        check(
            rows, "populate yielded no rows for the sample: it must yield one for each thing in the source."
        )
        check(
            sorted(rows) == [*range(1, len(rows) + 1)],
            f"Rows must be numbered from 1, and are {sorted(rows)}.",
        )

    def test_every_status_is_declared(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """Rows and header have statuses that the handler declares, so that pages can show them."""
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
        """What the handler gives for a column is of the column's type, so that it is stored."""
        _, number = made
        lost = [
            f"row {sequence}: {issue['message']}"
            for sequence, row in harness.rows(number).items()
            for issue in row["issues"] or ()
            if issue["code"] == NOT_STORED
        ]
        check(not lost, f"The handler gave values that their columns do not store: {'; '.join(lost[:3])}")

    def test_refreshing_again_changes_nothing(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """While the outside data stay the same, a refresh leaves every row as it is, versions included."""
        _, number = made
        before = harness.rows(number, without=_WHEN)
        harness.run(number, Action.REFRESH)
        same(
            before,
            harness.rows(number, without=_WHEN),
            "refresh must change nothing when nothing changed outside.",
        )

    def test_the_header_counts_its_rows(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """Counts and statuses of the header are those of the rows."""
        _, number = made
        check_counts(harness, number, "after populate")
        harness.run(number, Action.REFRESH)
        check_counts(harness, number, "after refresh")

    def test_a_bad_cell_keeps_its_row_and_its_text(self, harness: AppHarness) -> None:
        """A cell of a file that cannot be stored is empty, with an issue that has the text that was there."""
        with harness.transaction() as session:
            sample = self.sample(session, 3)
        column, text, spoiled = _spoiled(harness, sample)
        number = harness.create(spoiled)
        rows = harness.rows(number)
        check(1 in rows, "A row with a bad cell must be kept, and it is gone.")
        issues = [issue for issue in rows[1]["issues"] or () if issue["field"] == column.name]
        check(issues, f"The cell {column.name} of row 1 holds {text!r}, and no issue names it.")
        check(
            any(issue["raw"] == text for issue in issues),
            f"The issue of the cell {column.name} must keep what was there as raw: {text!r}; it has {issues}.",
        )
        check_counts(harness, number, "with a bad cell")


def check_counts(harness: AppHarness, number: int, when: str) -> None:
    """Complain unless the header of the batch counts its rows as SQL does."""
    batch, counted = harness.batch(number), harness.counts(number)
    stored = {name: getattr(batch, name) for name in counted}
    same(counted, stored, f"The header's counts {when} must be those of its rows (counted, then stored).")


def _spoiled(harness: AppHarness, sample: Sample) -> tuple[Column, str, Sample]:
    """Return a column of the sample's file, a text it cannot store, and the sample with that text in row 1."""
    source = harness.batch_type.handler.file_source
    columns = source.columns if source else {}
    if sample.file is None or not columns or not sample.file_name.endswith(".csv"):
        pytest.skip("The sample has no CSV file, so no cell of it can be spoiled.")
    # The last column comes first: the first one is usually the key, by which rows are told from each other.
    found = [columns_of(harness.batch_type.row, [name])[0] for name in reversed(list(columns.values()))]
    texts = [(column, text) for column in found if (text := unreadable(column)) is not None]
    check(texts, "No column of the file can hold a bad cell: give text columns a length.")
    column, text = texts[0]
    heading = next(heading for heading, name in columns.items() if name == column.name)
    return column, text, replace(sample, file=_with_cell(sample.file, heading, text))


def _with_cell(file: bytes, heading: str, text: str) -> bytes:
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    lines[1][[name.strip().lower() for name in lines[0]].index(heading)] = text
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


#: Statements that many rows may cost beyond those of few: more kinds of rows may need more statements, never each row.
_MORE = 20
_MORE_ON_A_PAGE = 5

#: The rows of either batch are one chunk.
_ONE_CHUNK = {"chunk_size": 2 * MANY, "refresh_chunk_size": 2 * MANY}


class CostChecks(HarnessFixtures):
    """Statements."""

    def test_statements_do_not_grow_with_the_rows(self, harness_of: HarnessOf) -> None:
        """Populate, refresh and execute send as many statements for many rows in a chunk as for few."""
        costs = {}
        for rows in (FEW, MANY):
            with harness_of(0) as harness:
                costs[rows] = self._costs(harness, rows)
        few, many = costs[FEW], costs[MANY]
        for name, cost in many.items():
            check(
                cost <= few[name] + _MORE,
                f"To {name} {FEW} rows took {few[name]} statements, and {MANY} rows {cost}."
                " Look up once for a chunk, never once for a row.",
            )

    def _costs(self, harness: AppHarness, rows: int) -> dict[str, int]:
        with harness.transaction() as session:
            sample = self.sample(session, rows)
        harness.swapped = _ONE_CHUNK
        with harness.statements() as sent:
            number = harness.create(sample)
        costs = {"populate": len(sent)}
        found = len(harness.rows(number))
        check(found >= rows // 2, f"sample() was asked for {rows} rows and made {found}: give about as many.")
        for action in (Action.REFRESH, Action.COMPLETE, Action.EXECUTE):
            with harness.statements() as sent:
                harness.run(number, action, options=sample.options if action is Action.EXECUTE else None)
            costs[str(action)] = len(sent)
        return costs

    def test_a_page_costs_the_same_for_few_and_many_rows(self, harness_of: HarnessOf) -> None:
        """The page of a batch sends as many statements for many rows as for few."""
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
