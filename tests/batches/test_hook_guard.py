"""What hooks return that cannot be shown or kept as it is: cut where it is too long, refused where it is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, update

from batchbook.batches import Action, Callbacks, HandlerContext, Outcome, QuickEntry, Rows, Total
from batchbook.batches.editing import RowEditor
from batchbook.batches.engine.preview import preview_execution
from batchbook.batches.worksheets.layout import Worksheet
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Misuse

from .harness import BatchHarness, on_hand, stock
from .shelf_count import Remembering, ShelfCount, ShelfCountHandler, ShelfCountRow

FILE = "item,counted,remark\n007,5,\n"


@pytest.fixture(autouse=True)
def _catalogue(engine: Engine) -> None:
    stock(engine, ("007", 7))


def returning(harness: BatchHarness, hook: str, value: Any) -> BatchHarness:
    def hooked(self: Any, *arguments: Any) -> Any:
        if hook == "execute":  # What it did is to be undone.
            super(Remembering, self).execute(*arguments)
        return value

    return harness.with_handler(type("Returning", (Remembering,), {hook: hooked}))


def complete(harness: BatchHarness) -> int:
    batch_id = harness.open(FILE, shelf="A")
    harness.run(batch_id, Action.COMPLETE)
    return batch_id


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, "execute must return an Outcome, and returned nothing"),
        ("Done.", "execute must return an Outcome, and returned a str"),
        (Outcome(3), "the summary of an Outcome must be a text, and is a int"),  # type: ignore[arg-type]
        (Outcome("Done.", [1]), "the figures of an Outcome must be a mapping"),  # type: ignore[arg-type]
        (Outcome("Done.", {1: 2}), "texts as names, and one has 1"),  # type: ignore[dict-item]
        (Outcome("Done.", {"margin": math.nan}), "the figure “margin” of an Outcome is no JSON value"),
        (Outcome("Done.", {"a": 1, "most": math.inf}), "the figure “most” of an Outcome is no JSON value"),
        (Outcome("Done.", {"sum": Decimal("NaN")}), "the figure “sum” of an Outcome is no JSON value"),
        (Outcome("Done.", {"what": object()}), "the figure “what” of an Outcome is no JSON value"),
        (Outcome("Done.", {"deep": [{"x": {math.nan}}]}), "the figure “deep” of an Outcome is no JSON value"),
        (Outcome("Done.", {"huge": 10**5_000}), "the figure “huge” of an Outcome is no JSON value"),
        (Outcome("Done.", {"nul": "a\0"}), "has characters that no database stores"),
        (Outcome("Done.", {"half": "\udcff"}), "has characters that no database stores"),
        (Outcome("Done.", {"long": "x" * 200_000}), "may have 20,000 characters as JSON"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else None,
)
def test_an_outcome_that_cannot_be_kept_fails_and_says_which(
    engine: Engine, harness: BatchHarness, outcome: Any, said: str
) -> None:
    batch_id = complete(harness)
    result = returning(harness, "execute", outcome).run(batch_id, Action.EXECUTE)
    assert result.failed
    assert said in result.message
    assert (harness.batch(batch_id).state, on_hand(engine)) == ("complete", {"007": 7})


def test_figures_may_be_all_that_json_knows(harness: BatchHarness) -> None:
    figures = {"n": 1, "x": 1.5, "t": "text", "l": [1, None, True], "m": {"a": {"b": 2}}, "big": 2**70}
    batch_id = complete(harness)
    assert not returning(harness, "execute", Outcome("Done.", figures)).run(batch_id, Action.EXECUTE).failed
    assert (harness.batch(batch_id).execution_outcome or {})["figures"] == figures


def test_a_summary_that_is_too_long_is_cut_where_all_can_see_it(harness: BatchHarness) -> None:
    batch_id = complete(harness)
    result = returning(harness, "execute", Outcome("many words " * 20_000)).run(batch_id, Action.EXECUTE)
    assert not result.failed
    summary = (harness.batch(batch_id).execution_outcome or {})["summary"]
    assert (len(summary), summary[-1]) == (1_000, "…")
    assert len(harness.operations(batch_id)[-1][2]) < 1_100
    assert len(result.message) < 1_100


@pytest.mark.parametrize(
    ("hook", "value", "said"),
    [
        ("describe_execution", "Rows will change.", "must return a list of sentences, and returned a str"),
        ("describe_execution", None, "must return a list of sentences, and returned nothing"),
        ("describe_execution", [1], "must return sentences, and returned a int among them"),
        ("why_not_execute", "", "must return a sentence or None, and returned an empty text"),
        ("why_not_execute", True, "must return a sentence or None, and returned a bool"),
    ],
)
def test_a_plan_that_is_none_says_so_in_its_place(
    engine: Engine, harness: BatchHarness, hook: str, value: Any, said: str
) -> None:
    batch_id = complete(harness)
    catalogue = returning(harness, hook, value)
    with transaction_scope(engine, read_only=True) as session:
        at_work = catalogue.on(session)
        plan = preview_execution(at_work.context_of(at_work.find(batch_id)))
    assert plan is not None
    assert said in plan.reasons[0]
    assert plan.sentences == ()


def test_a_plan_that_is_too_long_is_cut(engine: Engine, harness: BatchHarness) -> None:
    batch_id = complete(harness)
    catalogue = returning(harness, "describe_execution", iter(["x" * 10_000] * 5_000))
    with transaction_scope(engine, read_only=True) as session:
        at_work = catalogue.on(session)
        plan = preview_execution(at_work.context_of(at_work.find(batch_id)))
    assert plan is not None
    assert (len(plan.sentences), plan.sentences[-1]) == (51, "…")
    assert plan.sentences[0] == "x" * 499 + "…"


def test_a_reason_against_executing_is_cut(harness: BatchHarness) -> None:
    batch_id = complete(harness)
    with pytest.raises(Exception, match="x…") as raised:
        returning(harness, "why_not_execute", "x" * 200_000).run(batch_id, Action.EXECUTE)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize("status", ["x" * 41, 7])
def test_a_status_that_does_not_fit_is_refused_on_either_database(harness: BatchHarness, status: Any) -> None:
    batch_id = harness.open(FILE, shelf="A")
    result = returning(harness, "header_status", status).run(batch_id, Action.REFRESH)
    assert result.failed
    assert "a status m" in result.message


def test_a_status_of_a_row_that_does_not_fit_is_refused_on_either_database(harness: BatchHarness) -> None:
    class Wordy(Remembering):
        def refresh(self, batch: ShelfCount, rows: Rows) -> None:
            for row in rows:
                row.set_status("x" * 41)

    batch_id = harness.open(FILE, shelf="A")
    result = harness.with_handler(Wordy).run(batch_id, Action.REFRESH)
    assert result.failed
    assert "a status may have 40 characters" in result.message


class Listening:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int, int | None]] = []

    def report(self, phase: str, done: int, total: int | None) -> None:
        self.heard.append((phase, done, total))


def test_reports_that_mean_nothing_are_told_as_far_as_they_do(harness: BatchHarness) -> None:
    class Chatty(Remembering):
        def execute(self, batch: ShelfCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
            report: Any = self.report
            report("backwards", -3, -1)
            report("never", math.nan, math.inf)
            report("words", "many", "more")
            report(None, 10**30, None)
            report("a\0b\n" + "x" * 1_000, 1.5, 2)
            return super().execute(batch, rows, options)

    batch_id, progress = complete(harness), Listening()
    assert not harness.with_handler(Chatty).run(batch_id, Action.EXECUTE, progress=progress).failed
    assert progress.heard == [
        ("backwards", 0, None),
        ("never", 0, None),
        ("words", 0, None),
        ("", 0, None),
        ("ab" + "x" * 76, 1, 2),
    ]


def test_a_callback_that_yields_is_run_to_its_end(harness: BatchHarness) -> None:
    def on_complete(_handler: Any, batch: ShelfCount) -> Iterator[str]:
        yield "looked at"
        raise Conflict(f"{batch} has to wait.")

    callbacks = Callbacks(on_complete=on_complete)
    waiting = harness.with_handler(type("Waiting", (ShelfCountHandler,), {"callbacks": callbacks}))
    batch_id = waiting.open(FILE, shelf="A")
    with pytest.raises(Conflict, match="has to wait"):
        waiting.run(batch_id, Action.COMPLETE)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("hook", "value", "said"),
    [
        ("describe_execution", "One sentence.", "must return a list of sentences, and returned a str"),
        ("why_not_execute", True, "must return a sentence or None, and returned a bool"),
        ("totals", {"Counted": 3}, "totals must return a list of Total, and returned a dict"),
        ("totals", [("Counted", 3)], "totals must return a list of Total, and returned a list"),
        ("totals", [Total(3, 3)], "the label of a Total must be a text, and is a int"),  # type: ignore[arg-type]
        (
            "totals",
            [Total("Counted", [3])],
            "the value of the Total 'Counted' must be a text, a number or a date",
        ),
        ("header_status", "mended", "which is not among header_statuses"),
    ],
)
def test_a_result_that_is_none_of_the_hooks_is_not_used(
    harness: BatchHarness, hook: str, value: Any, said: str
) -> None:
    batch_type = returning(harness, hook, value).batch_type
    with transaction_scope(harness.database) as session:
        batch = ShelfCount(row_count=1, removed_count=0, params={})
        handler = batch_type.make_handler(HandlerContext(session, {}, "ann", utc_now()), batch)
        arguments = (batch, {}) if hook == "describe_execution" else (batch,)
        with pytest.raises((TypeError, ValueError), match=said):
            getattr(handler, hook)(*arguments)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_status_that_a_statement_sets_and_the_type_does_not_declare_is_refused(
    harness: BatchHarness,
) -> None:
    class Setting(Remembering):
        def refresh(self, batch: ShelfCount, rows: Rows) -> None:
            self.session.execute(update(ShelfCountRow).where(rows.where).values(status="mended"))

    batch_id = harness.open(FILE, shelf="A")
    result = harness.with_handler(Setting).run(batch_id, Action.REFRESH)
    assert result.failed
    assert "rows have the status “mended”, which Setting.statuses does not declare" in result.message


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda row: row.set_status("mended"), "the status “mended” is none of CountStatus: declare it there, or set"),
        (lambda row: row.set_status("Matches"), "the status “Matches” is none of CountStatus"),
        (lambda row: row.add_issue("colour", "x", "No."), "A row has no column 'colour' that could have an issue."),
        (lambda row: row.add_issue("counted", "x", None), "the message of an issue must be a text, and is a NoneType"),
    ],
)  # fmt: skip
def test_what_a_row_cannot_have_is_a_failure_that_names_it(
    harness: BatchHarness, wrong: Any, said: str
) -> None:
    class Wrong(ShelfCountHandler):
        def refresh(self, batch: ShelfCount, rows: Rows) -> None:
            for row in rows:
                wrong(row)

    batch_id = harness.open(FILE, shelf="A")
    result = harness.with_handler(Wrong).run(batch_id, Action.REFRESH)
    assert result.failed
    assert said in result.message


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("No.", "before_create must return nothing; to refuse, raise BadInput with the sentence, and returned a str"),
        (ValueError("No."), "ValueError: No."),
    ],
)  # fmt: skip
def test_a_failure_before_there_is_a_batch_is_told(harness: BatchHarness, found: Any, said: str) -> None:
    def before_create(_self: Any, _batch: ShelfCount, *, has_file: bool) -> Any:
        if isinstance(found, Exception):
            raise found
        return found

    failing = harness.with_handler(type("Failing", (ShelfCountHandler,), {"before_create": before_create}))
    with pytest.raises(
        Conflict, match=r"The batch was not created, because the handler failed \("
    ) as refused:
        failing.create(shelf="A")
    assert said in str(refused.value)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("found", "error", "said"),
    [
        ("007", Conflict, "row_for must return a mapping of columns to values, or None, and returned a str"),
        ({"item": "007"}, Misuse, "Scanning.quick_entry returned the column 'item', which ShelfCountRow does not have."),
    ],
)  # fmt: skip
def test_quick_entry_that_returns_no_row_is_told(
    harness: BatchHarness, found: Any, error: type[Exception], said: str
) -> None:
    entry = QuickEntry(label="Scan", row_for=lambda _handler, _batch, _scan: found)
    scanning = harness.with_handler(type("Scanning", (ShelfCountHandler,), {"quick_entry": entry}))
    batch_id = scanning.open(FILE, shelf="A")
    with pytest.raises(error, match="No row was added") as refused, scanning.engine() as engine:
        RowEditor(engine).enter(batch_id, "007")
    assert said in str(refused.value)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("found", "kind"), [({"columns": ()}, "a dict"), (3, "a int"), ("", "an empty text"), ([], "a list")]
)
def test_a_layout_that_is_none_is_told(harness: BatchHarness, found: Any, kind: str) -> None:
    worksheet = Worksheet(layout=lambda _handler, _batch: found)
    batch_type = harness.with_handler(
        type("Laying", (ShelfCountHandler,), {"worksheet": worksheet})
    ).batch_type
    with transaction_scope(harness.database) as session:
        batch = ShelfCount(row_count=1, removed_count=0, params={})
        handler = batch_type.make_handler(HandlerContext(session, {}, "ann", utc_now()), batch)
        with pytest.raises(TypeError, match=f"layout must return a Layout or None, and returned {kind}"):
            handler.worksheet.layout_for(handler, batch)
