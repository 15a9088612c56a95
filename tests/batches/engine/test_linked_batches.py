"""Batches that an execution makes: in its transaction, linked, scheduled for their time, and never left behind by a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from sqlalchemy import select
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness
from tests.functional.harness import PRICE_LIST, CatalogueDatabase

from batchbook.batches import Action, LinkedBatch, NumberChange, Outcome, Policy, Rows, RowValues
from batchbook.batches.engine.making import made_links
from batchbook.batches.engine.preview import bind_options
from batchbook.batches.models import BatchFile
from batchbook.batches.policies.demands import amount_of
from batchbook.batches.policies.stored import set_policy
from batchbook.batches.running.dry_run import dry_run, first
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict, Missing
from batchbook.jobs import Job
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

LATER = timedelta(days=30)


class Returning(PriceChangeHandler):
    """Price changes whose execution makes another one with the prices from before, for later, and that show its changes."""

    execution_policy = replace(PriceChangeHandler.execution_policy, schedules=True)
    execute_in: ClassVar[timedelta | None] = LATER
    made_type: ClassVar[str] = "price_change"
    described: ClassVar[str] = "Back"

    def number_changes(self, batch: PriceChange, options: Mapping[str, Any]) -> list[NumberChange]:
        (price,) = super().number_changes(batch, options)
        back = replace(price, name="back", label="the price later", before=price.after, after=price.before)
        return [price, replace(back, later=True)]

    def execute(self, batch: PriceChange, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        outcome = super().execute(batch, rows, options)
        back = LinkedBatch(
            type=self.made_type,
            header={"warn_above": Decimal(50)},
            rows=self._rows(batch),
            execute_at=None if self.execute_in is None else self.context.now + self.execute_in,
            description=self.described,
        )
        return replace(outcome, batches=(back,))

    def _rows(self, batch: PriceChange) -> Iterator[RowValues]:
        row = PriceChangeRow
        applied = row.status.in_(["increase", "decrease"])
        wanted = select(row.item_code, row.old_price).where(row.batch_id == batch.id, applied)
        for code, price in self.session.execute(wanted.order_by(row.sequence)):
            yield {"item_code": code, "new_price": price}


@pytest.fixture
def harness(catalogue: CatalogueDatabase) -> BatchHarness:
    """Price changes that make others, and a catalogue."""
    return BatchHarness(catalogue.engine, PRICE_CHANGE).with_handler(Returning)


def jobs(harness: BatchHarness) -> list[tuple[Any, ...]]:
    with transaction_scope(harness.database, read_only=True) as session:
        found = session.scalars(select(Job).order_by(Job.id))
        return [(one.batch_id, one.task, one.state, one.asked_by, one.run_at, one.arguments) for one in found]


def test_a_batch_for_later_is_complete_and_scheduled_by_whoever_executed(harness: BatchHarness) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    result = harness.by("admin").run(batch_id, Action.EXECUTE)
    source, made = harness.batch(batch_id), harness.batch(batch_id + 1)
    at = source.executed_at + LATER
    assert (made.state, made.made_from, made.description, made.warn_above) == (
        "complete", batch_id, "Back", Decimal(50),
    )  # fmt: skip
    # It is the work of those whose work the other one is, so that admin is the second person for both.
    assert (made.created_by, made.completed_by) == ("staff", "staff")
    assert [(row.item_code, row.status, row.new_price) for row in harness.rows(made.id)] == [
        ("000000011", "decrease", Decimal("2.00")),
        ("000000021", "decrease", Decimal("4.00")),
        ("000000012", "increase", Decimal("3.00")),
    ]
    sentence = f"Made a batch of the type Price change with 3 rows, scheduled for {at:%Y-%m-%d %H:%M} UTC."
    assert sentence in result.message
    assert source.execution_outcome is not None
    assert source.execution_outcome["figures"]["made"] == [made.id]
    assert [one[:3] for one in harness.operations(made.id)] == [
        ("made-of", "admin", f"Made with 3 rows when batch {batch_id:08d} was executed."),
        (
            "schedule",
            "admin",
            f"Marked complete, and scheduled for {at:%Y-%m-%d %H:%M} UTC by the execution of batch {batch_id:08d}.",
        ),
    ]
    ((job_batch, task, state, asked_by, run_at, arguments),) = jobs(harness)
    assert (job_batch, task, state, asked_by, run_at) == (made.id, "execute", "scheduled", "admin", at)
    assert arguments["version"] == made.version
    assert arguments["options"].keys() == {"confirm"}
    with harness.engine() as engine:
        assert [
            (label, one.id) for label, one in made_links(engine.session, engine.types, engine.find(batch_id))
        ] == [("Made into", made.id)]


class Unshown(Returning):
    """Shows nobody what the other batch changes."""

    def number_changes(self, batch: PriceChange, options: Mapping[str, Any]) -> list[NumberChange]:
        return super().number_changes(batch, options)[:1]


class Other(Returning):
    """Makes a batch with other changes than those that it shows."""

    def _rows(self, batch: PriceChange) -> Iterator[RowValues]:
        for values in super()._rows(batch):
            yield {**values, "new_price": Decimal("100.00")}


@pytest.mark.parametrize("handler", [Unshown, Other])
def test_changes_that_nobody_was_shown_are_confirmed_by_nobody(
    harness: BatchHarness, handler: type[Returning]
) -> None:
    harness = harness.with_handler(handler)
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    result = harness.by("admin").run(batch_id, Action.EXECUTE)
    made = harness.batch(batch_id + 1)
    at = f"{harness.batch(batch_id).executed_at + LATER:%Y-%m-%d %H:%M} UTC"
    assert (made.state, made.completed_by, jobs(harness)) == ("complete", "staff", [])
    assert (
        "Made a batch of the type Price change with 3 rows, marked complete and not scheduled, because its changes are not those"
        f" that were confirmed. Look at them, confirm them, and schedule it for {at}."
    ) in result.message
    assert harness.operations(made.id)[-1][:3] == (
        "complete",
        "admin",
        (
            f"Marked complete by the execution of batch {batch_id:08d}, and not scheduled for {at}, because its changes are not"
            " those that were confirmed."
        ),
    )
    # Somebody who looks at it confirms what is there.
    with pytest.raises(Conflict, match="Look at these rows, then confirm price"):
        harness.run(made.id, Action.EXECUTE, confirm="")
    harness.with_handler(PriceChangeHandler).run(made.id, Action.EXECUTE, confirm="price")
    assert harness.batch(made.id).state == "executed"


def test_what_the_other_batch_changes_has_to_be_confirmed_and_counts_for_no_sum(
    harness: BatchHarness,
) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    applied = [row for row in harness.rows(batch_id) if row.status in ("increase", "decrease")]
    amount = sum(abs(row.new_price - row.old_price) for row in applied)
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert amount_of(context, bind_options(context.handler, {})) == amount
    with pytest.raises(
        Conflict, match=r"1 row changes the price later by more.*, then confirm back and execute"
    ):
        harness.run(batch_id, Action.EXECUTE, confirm="price")
    harness.run(batch_id, Action.EXECUTE, confirm="price,back")
    assert harness.batch(batch_id).executed_amount == amount


def test_one_without_a_time_is_left_open(harness: BatchHarness) -> None:
    harness = harness.with_handler(type("Open", (Returning,), {"execute_in": None}))
    batch_id = harness.executed(PRICE_LIST, vendor_code="V1")
    made = harness.batch(batch_id + 1)
    assert (made.state, made.made_from, jobs(harness)) == ("open", batch_id, [])
    outcome = harness.batch(batch_id).execution_outcome
    assert outcome is not None
    assert outcome["summary"].endswith("Made a batch of the type Price change with 3 rows.")
    assert harness.edit(made.id, 1, new_price="2.05") == ["New price"]


def test_a_dry_run_tells_of_it_and_leaves_nothing(
    harness: BatchHarness, catalogue: CatalogueDatabase
) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    before = catalogue.dump()
    with harness.engine() as engine:
        tried = dry_run(engine, batch_id, {}, first(10))
    assert "Made a batch of the type Price change with 3 rows" in tried.summary
    assert len(tried.effects) == 3
    assert catalogue.dump() == before


@pytest.mark.parametrize(
    ("attributes", "error", "words"),
    [
        ({"execute_in": -LATER}, Conflict, "which is past"),
        ({"made_type": "lost"}, Missing, "no batch type “lost”"),
    ],
)
def test_one_that_could_not_be_executed_stops_the_execution(
    harness: BatchHarness,
    catalogue: CatalogueDatabase,
    attributes: Mapping[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    harness = harness.with_handler(type("Wrong", (Returning,), dict(attributes)))
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    prices = catalogue.prices()
    with pytest.raises(error, match=words):
        harness.run(batch_id, Action.EXECUTE)
    assert (catalogue.prices(), catalogue.batches(), jobs(harness)) == (prices, 1, [])
    assert harness.batch(batch_id).state == "complete"


class Empty(Returning):
    """Makes a batch that has nothing to execute."""

    def _rows(self, batch: PriceChange) -> Iterator[RowValues]:
        yield from ()


class Failing(Returning):
    """Fails while the rows of the other batch are taken."""

    def _rows(self, batch: PriceChange) -> Iterator[RowValues]:
        yield {"item_code": "000000011"}
        raise ZeroDivisionError("no price")


@pytest.mark.parametrize("handler", [Empty, Failing])
def test_rows_that_cannot_be_made_into_a_batch_stop_the_execution(
    harness: BatchHarness, catalogue: CatalogueDatabase, handler: type[Returning]
) -> None:
    harness = harness.with_handler(handler)
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    prices = catalogue.prices()
    if handler is Failing:
        assert "because its handler failed" in harness.run(batch_id, Action.EXECUTE).message
    else:
        with pytest.raises(
            Conflict, match=r"The batch that it makes could not be executed\. None of its rows"
        ):
            harness.run(batch_id, Action.EXECUTE)
    assert (catalogue.prices(), catalogue.batches(), jobs(harness)) == (prices, 1, [])


class Handing(PriceChangeHandler):
    """Price changes whose execution makes another one of the rows that cost less, by the source that the type declares."""

    made_type: ClassVar[str] = "price_change"
    which: ClassVar[str] = "decrease"
    given: ClassVar[Mapping[str, Any]] = {}

    def execute(self, batch: PriceChange, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        outcome = super().execute(batch, rows, options)
        chosen = rows.narrowed(PriceChangeRow.status == self.which)
        made = LinkedBatch(type=self.made_type, rows=chosen, header=self.given, description="Lower")
        return replace(outcome, batches=(made,))

    def before_create(self, batch: PriceChange, *, has_file: bool) -> None:
        super().before_create(batch, has_file=has_file)
        if batch.has_chosen_rows and batch.warn_above == 1:
            raise BadInput("Not above one.")


def test_a_batch_of_rows_gets_what_its_type_declares(harness: BatchHarness, users: dict[str, str]) -> None:
    harness = harness.with_handler(type("Given", (Handing,), {"given": {"warn_above": Decimal(50)}}))
    batch_id = harness.open(PRICE_LIST, vendor_code="V1", warn_above="7")
    harness.run(batch_id, Action.COMPLETE)
    result = harness.by("admin").run(batch_id, Action.EXECUTE)
    assert result.message.endswith("Made a batch of the type Price change with 1 row.")
    made: Any = harness.batch(batch_id + 1)
    assert (made.state, made.made_from, made.created_by, made.description) == (
        "open",
        batch_id,
        "staff",
        "Lower",
    )
    # The vendor comes from the other header, and the limit from what the execution gives.
    assert (made.vendor_code, made.warn_above, made.has_chosen_rows) == ("V1", Decimal(50), True)
    (old,) = (row for row in harness.rows(batch_id) if row.status == "decrease")
    assert [(row.line, row.item_code, row.new_price) for row in harness.rows(made.id)] == [
        (old.line, old.item_code, old.new_price)
    ]
    with harness.engine() as engine:
        files = engine.session.scalars(select(BatchFile).where(BatchFile.batch_id == made.id)).all()
        assert [(one.role, one.name) for one in files] == [("chosen", f"rows-of-{batch_id:08d}.txt")]


@pytest.mark.parametrize(
    ("attributes", "actor", "words"),
    [
        ({"which": "not_found"}, "admin", "None of its rows would go into the batch that it makes"),
        ({"given": {"warn_above": Decimal(1)}}, "admin", r"Not above one\."),
        ({}, "nobody", "which the role of nobody does not allow"),
        ({"sources": ()}, "admin", "No price change can be made of rows of batch 00000001"),
    ],
)
def test_a_batch_of_rows_that_cannot_be_made_stops_the_execution(
    harness: BatchHarness,
    catalogue: CatalogueDatabase,
    users: dict[str, str],
    attributes: Mapping[str, Any],
    actor: str,
    words: str,
) -> None:
    harness = harness.with_handler(type("Wrong", (Handing,), dict(attributes)))
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    prices = catalogue.prices()
    with pytest.raises(Conflict, match=rf"Batch 00000001 was not executed\. .*{words}"):
        harness.by(actor).run(batch_id, Action.EXECUTE)
    assert (catalogue.prices(), catalogue.batches()) == (prices, 1)


def refuse_inline(harness: BatchHarness, batch_id: int, action: Action) -> None:
    """Check that an action is refused where no jobs run."""
    options = {"confirm": "all"} if action is Action.EXECUTE else {}
    with harness.engine() as engine:
        engine.settings = {"batchbook.jobs": "inline"}
        with pytest.raises(Conflict, match="none can run later here"):
            engine.run(batch_id, action, options)


def test_where_no_jobs_run_it_is_refused_before_it_is_complete(harness: BatchHarness) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    refuse_inline(harness, batch_id, Action.COMPLETE)
    harness.run(batch_id, Action.COMPLETE)
    refuse_inline(harness, batch_id, Action.EXECUTE)
    # A type that does not declare it is refused at the latest when it asks for the batch.
    policy = replace(Returning.execution_policy, schedules=False)
    harness = harness.with_handler(type("Undeclared", (Returning,), {"execution_policy": policy}))
    refuse_inline(harness, batch_id, Action.EXECUTE)
    assert jobs(harness) == []


def put_policy(harness: BatchHarness, **demands: Any) -> None:
    with transaction_scope(harness.database) as session:
        set_policy(session, "price_change", Policy(**demands), utc_now(), "admin", 0)


def test_the_second_person_for_the_one_is_the_second_person_for_the_other(harness: BatchHarness) -> None:
    put_policy(harness, other_than_editor=True, other_than_completer=True)
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    harness.by("admin").run(batch_id, Action.EXECUTE)
    made = batch_id + 1
    assert harness.operations(made)[-1][2].endswith(f"by the execution of batch {batch_id:08d}.")
    # At its time, the database agrees.
    harness.with_handler(PriceChangeHandler).by("admin").run(made, Action.EXECUTE)
    assert harness.batch(made).state == "executed"


def test_demands_that_can_still_be_met_are_told_and_times_that_are_not_allowed_refuse(
    harness: BatchHarness,
) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)

    class Demanding(Returning):
        def execute(self, batch: PriceChange, rows: Rows, options: Mapping[str, Any]) -> Outcome:
            outcome = super().execute(batch, rows, options)
            set_policy(self.session, "price_change", Policy(**self.demands), utc_now(), "admin", self.number)
            return outcome

        demands: ClassVar[dict[str, Any]] = {}
        number = 0

    other_day = f"{utc_now() + LATER + timedelta(days=3):%a}"
    Demanding.demands = {"windows": f"{other_day} 10:00-11:00", "zone": "UTC"}
    with pytest.raises(Conflict, match=r"The batch that it makes would be refused.*only at these times"):
        harness.with_handler(Demanding).run(batch_id, Action.EXECUTE)
    Demanding.demands = {"reason": True, "reasons": ("Season",), "other_reasons": False}
    harness.with_handler(Demanding).run(batch_id, Action.EXECUTE)
    outcome = harness.batch(batch_id).execution_outcome
    assert outcome is not None
    assert harness.operations(outcome["figures"]["made"][0])[-1][2].endswith(
        "Still needed until then: The reason must be “Season”."
    )


def test_a_reason_is_handed_on(harness: BatchHarness) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    with harness.engine() as engine:
        engine.reason = "Season"
        engine.run(batch_id, Action.EXECUTE, {"confirm": "all"})
    ((*_, arguments),) = jobs(harness)
    assert arguments["options"]["reason"] == "Season"


def test_large_changes_that_need_a_reason_get_one(harness: BatchHarness) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)

    class Limiting(Returning):
        def execute(self, batch: PriceChange, rows: Rows, options: Mapping[str, Any]) -> Outcome:
            outcome = super().execute(batch, rows, options)
            set_policy(self.session, "price_change", Policy(reason=True), utc_now(), "admin", 0)
            return outcome

    harness.with_handler(Limiting).run(batch_id, Action.EXECUTE)
    ((*_, arguments),) = jobs(harness)
    assert arguments["options"]["reason"] == f"It follows from batch {batch_id:08d}."
