"""Batch types that are broken on purpose, each in one way, checked by the kit in a pytest of its own."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Mapped

from batchbook.batches import (
    Batch,
    BatchHandler,
    BatchMasterView,
    BatchRow,
    Callbacks,
    Outcome,
    QuickEntry,
    RowLayout,
    RowTable,
    Status,
    Total,
    Worksheet,
    editable,
    unfreeze_table,
)
from batchbook.catalog.models import Product, Vendor
from batchbook.testing import BatchTypeConformance, Sample
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChangeRow

TICKS = count()


class Conformance(BatchTypeConformance):
    """The type price_change, whose handler the setting swaps for a broken one. One database is enough."""

    key = "price_change"
    handler: type[Any] = PriceChangeHandler

    @pytest.fixture
    def kit_backend(self) -> str:
        return "sqlite"

    def __init_subclass__(cls) -> None:
        cls.settings = {f"batchbook.handler.{cls.key}": f"broken_types:{cls.handler.__name__}"}

    def sample(self, session: Any, rows: int) -> Sample:
        codes = [f"{number:09d}" for number in range(rows)]
        session.add_all(Product(item_code=code, description="Item", price=Decimal("4.99")) for code in codes)
        out = io.StringIO()
        table = csv.writer(out)
        table.writerow(["item_code", "description", "size", "price"])
        table.writerows([code, "", "", "5.49"] for code in codes)
        return Sample(
            file=out.getvalue().encode(),
            edit=("new_price", "6.25"),
            row={"item_code": "1", "new_price": "1.00"},
        )


class RefreshesForEver(PriceChangeHandler):
    def refresh(self, batch: Any, rows: Any) -> None:
        rows.update(status_text=f"Refreshed at {self.context.now}", status="increase")


class TestRefreshesForEver(Conformance):
    handler = RefreshesForEver


class HasFewStatuses(PriceChangeHandler):
    statuses = Status("Few", {"UNCHANGED": ("unchanged",)})  # type: ignore[assignment]


class TestHasFewStatuses(Conformance):
    handler = HasFewStatuses


class GivesNumbers(PriceChangeHandler):
    def populate(self, batch: Any) -> Any:
        yield from ({"item_code": code, "new_price": 1} for code in ("A", 2))


class TestGivesNumbers(Conformance):
    handler = GivesNumbers


class PopulatesNothing(PriceChangeHandler):
    def populate(self, batch: Any) -> Any:
        return []


class TestPopulatesNothing(Conformance):
    handler = PopulatesNothing


class ChangesOtherRows(PriceChangeHandler):
    callbacks = Callbacks(
        after_edit=lambda handler, _batch, _rows: handler.session.execute(
            update(PriceChangeRow.__table__).values(status="invalid")
        )
    )


class TestChangesOtherRows(Conformance):
    handler = ChangesOtherRows


SOURCE = PriceChangeHandler.file_source


def without_bad_rows(handler: Any, name: str, file: Any) -> Any:
    return (row for row in SOURCE.parse_table(handler, name, file) if "issues" not in row)


class DropsBadRows(PriceChangeHandler):
    file_source = replace(SOURCE, parse=without_bad_rows)


class TestDropsBadRows(Conformance):
    handler = DropsBadRows


def without_bad_texts(handler: Any, name: str, file: Any) -> Any:
    for row in SOURCE.parse_table(handler, name, file):
        yield {**row, "issues": [{**issue, "raw": None} for issue in row.get("issues", ())]}


class ForgetsBadText(PriceChangeHandler):
    file_source = replace(SOURCE, parse=without_bad_texts)


class TestForgetsBadText(Conformance):
    handler = ForgetsBadText


class Commits(PriceChangeHandler):
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        outcome = super().execute(batch, rows, options)
        self.session.commit()
        return outcome


class TestCommits(Conformance):
    handler = Commits


class SaysNothing(PriceChangeHandler):
    def describe_execution(self, batch: Any, options: Any) -> list[str]:
        return []


class TestSaysNothing(Conformance):
    handler = SaysNothing


class WritesOnAPage(PriceChangeHandler):
    def totals(self, batch: Any) -> list[Total]:
        self.session.execute(insert(Vendor).values(code="V1"))
        return []


class TestWritesOnAPage(Conformance):
    handler = WritesOnAPage


class DoesNothing(PriceChangeHandler):
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome("Nothing was done.")


class TestDoesNothing(Conformance):
    handler = DoesNothing


class Understands(PriceChangeHandler):
    quick_entry = QuickEntry(
        label="Item code", row_for=lambda _handler, _batch, text: {"item_code": text[:20]}
    )


class TestUnderstandsEverything(Conformance):
    handler = Understands

    def sample(self, session: Any, rows: int) -> Sample:
        return replace(super().sample(session, rows), scan="1")


class LooksUpEachRow(PriceChangeHandler):
    def refresh(self, batch: Any, rows: Any) -> None:
        super().refresh(batch, rows)
        for row in rows:
            row.old_price = self.session.scalar(
                select(Product.price).where(Product.item_code == row.item_code)
            )


class TestLooksUpEachRow(Conformance):
    handler = LooksUpEachRow


class ForgetfulLayout(RowLayout):
    def texts(self, row: Any, fields: Any) -> Any:
        return super().texts(row, {name: f"{text} {next(TICKS)}" for name, text in fields.items()})


class LaysOutWhatChanges(PriceChangeHandler):
    worksheet = Worksheet(layout=lambda _handler, _batch: ForgetfulLayout(PriceChangeRow, ()))


class TestLaysOutWhatChanges(Conformance):
    handler = LaysOutWhatChanges


class CountsEachRow(PriceChangeHandler):
    def totals(self, batch: Any) -> list[Total]:
        return [Total("Row", self.session.scalar(select(func.count()))) for _ in range(batch.row_count)]


class TestCountsEachRowOnItsPage(Conformance):
    handler = CountsEachRow


class RenamesItsSource(PriceChangeHandler):
    callbacks = Callbacks(
        on_clone=lambda handler, _source, _clone: handler.session.execute(
            update(Product).values(description="Cloned")
        )
    )


class TestRenamesWhatItClones(Conformance):
    handler = RenamesItsSource


class TestIsNotFrozen(Conformance):
    def sample(self, session: Any, rows: int) -> Sample:
        unfreeze_table(session.connection(), "price_change_row")
        return super().sample(session, rows)


class TestLetsItsRecordBeChanged(Conformance):
    def sample(self, session: Any, rows: int) -> Sample:
        unfreeze_table(session.connection(), "price_history")
        return super().sample(session, rows)


class Stray(Batch):
    __tablename__ = "stray"


class StrayRow(BatchRow):
    __tablename__ = "stray_row"
    __batch__ = Stray
    item_code: Mapped[str] = editable(default="")


class StrayHandler(BatchHandler[Stray, StrayRow]):
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome("Done.")


class StrayView(BatchMasterView):
    row_table = RowTable(("item_code",))


def includeme(config: Any) -> None:
    config.add_batch_type(Stray, handler=StrayHandler, view=StrayView)


class TestHasNoMigration(Conformance):
    key = "stray"
    handler = StrayHandler


TestHasNoMigration.settings = {"batchbook.include": "broken_types"}
