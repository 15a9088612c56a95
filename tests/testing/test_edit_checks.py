"""The checks of edits and worksheets complain about a handler that is broken."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from sqlalchemy import update

from batchbook.batches import Callbacks, QuickEntry, RowLayout, Worksheet
from batchbook.catalog.models import Product
from batchbook.testing import Sample
from batchbook.testing.databases import Databases
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChangeRow

from .broken_types import Kit, broken, complaint

TICKS = count()


class ChangesOtherRows(PriceChangeHandler):
    callbacks = Callbacks(
        after_edit=lambda handler, _batch, _rows: handler.session.execute(
            update(PriceChangeRow.__table__).values(status="invalid")
        )
    )


class SeveralEdits(Kit):
    """Edits two columns, of which the handler forgets the second one."""

    def sample(self, session: Any, rows: int) -> Sample:
        edits = (("item_code", "999"), ("new_price", "7.00"))
        return replace(super().sample(session, rows), edit=None, edits=edits)


class ForgetsPrices(PriceChangeHandler):
    callbacks = Callbacks(
        after_edit=lambda handler, _batch, _rows: handler.session.execute(
            update(PriceChangeRow.__table__).values(new_price=None)
        )
    )


class TakesTheUnknown(PriceChangeHandler):
    quick_entry = QuickEntry(label="Item code", find=(Product.item_code,), key="item_code", unknown=True)


class UnderstandsEverything(PriceChangeHandler):
    quick_entry = QuickEntry(
        label="Item code", row_for=lambda _handler, _batch, scan: {"item_code": scan.code[:20]}
    )


class ForgetfulLayout(RowLayout):
    def texts(self, row: Any, fields: Any) -> Any:
        return super().texts(row, {name: f"{text} {next(TICKS)}" for name, text in fields.items()})


class LaysOutWhatChanges(PriceChangeHandler):
    worksheet = Worksheet(layout=lambda _handler, _batch: ForgetfulLayout(PriceChangeRow, ()))


@pytest.mark.parametrize(
    ("handler", "check", "words"),
    [
        (ChangesOtherRows, "test_an_edit_is_stored_and_remembered", "The header's counts after an edit"),
        (
            UnderstandsEverything,
            "test_quick_entry_understands_and_refuses",
            "must raise BadInput, and was done",
        ),
        (
            LaysOutWhatChanges,
            "test_a_cell_changed_in_a_worksheet_is_found",
            "the changes found are none: the layout must write the same texts for a row each time",
        ),
    ],
)
def test_a_broken_edit(databases: Databases, handler: type[Any], check: str, words: str) -> None:
    with broken(databases, handler) as (kit, harness):
        assert words in complaint(getattr(kit, check), harness, harness.made)


@pytest.mark.parametrize(
    "check",
    [
        "test_an_edit_is_stored_and_remembered",
        "test_a_stale_edit_is_refused",
        "test_an_unreadable_text_is_refused",
        "test_a_cell_changed_in_a_worksheet_is_found",
        "test_the_database_refuses_every_change",
    ],
)
def test_several_edits_pass(databases: Databases, check: str) -> None:
    with broken(databases, PriceChangeHandler, kit=SeveralEdits) as (kit, harness):
        getattr(kit, check)(harness, harness.made)


def test_each_of_several_edits_is_checked(databases: Databases) -> None:
    with broken(databases, ForgetsPrices, kit=SeveralEdits) as (kit, harness):
        problem = complaint(kit.test_an_edit_is_stored_and_remembered, harness, harness.made)
    assert "in new_price after an edit to '7.00'" in problem


def test_an_unknown_scan_may_be_a_row(databases: Databases) -> None:
    with broken(databases, TakesTheUnknown) as (kit, harness):
        kit.test_quick_entry_understands_and_refuses(harness, harness.made)
