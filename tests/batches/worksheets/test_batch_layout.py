"""Whatever stands in a batch's cells comes back from a worksheet as it went out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, ForeignKey, MetaData, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from tests.batches.harness import BatchHarness
from tests.batches.sheets import download, look, take

from batchbook.batches import (
    Action,
    Batch,
    BatchHandler,
    BatchRow,
    BatchType,
    Outcome,
    RowProxy,
    Rows,
    RowValues,
    SheetColumn,
    Worksheet,
    editable,
)
from batchbook.batches.rows.storage import SharedTable
from batchbook.db import ExactDecimal
from batchbook.db.base import NAMING_CONVENTION
from batchbook.grid import Column, columns_of
from batchbook.types.price_change.models import PriceChangeRow

KINDS = MetaData(naming_convention=NAMING_CONVENTION)
FIELDS = ("word", "words", "number", "amount", "answer", "day", "moment", "colour")


class Kinds(Batch):
    __tablename__ = "kinds"
    metadata = KINDS
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "kinds"}

    id: Mapped[int] = mapped_column(ForeignKey(Batch.__table__.c.id, ondelete="CASCADE"), primary_key=True)


class KindsRow(BatchRow):
    __tablename__ = "kinds_row"
    __batch__ = Kinds
    metadata = KINDS

    word: Mapped[str | None] = editable(String(50))
    words: Mapped[str | None] = editable(Text)
    number: Mapped[int | None] = editable()
    amount: Mapped[Decimal | None] = editable(ExactDecimal(12, 3))
    answer: Mapped[bool | None] = editable()
    day: Mapped[date | None] = editable()
    moment: Mapped[datetime | None] = editable()
    colour: Mapped[str | None] = editable(String(10), choices=(("r", "Red"), ("g", "=Green")))
    raw: Mapped[str | None] = mapped_column(Text)


class KindsHandler(BatchHandler[Kinds, KindsRow]):
    source: ClassVar[Sequence[RowValues]] = ()

    def populate(self, batch: Kinds) -> Iterator[RowValues]:
        yield from self.source

    def execute(self, batch: Kinds, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        return Outcome("Nothing to do.")


@pytest.fixture
def kinds(engine: Engine) -> BatchHarness:
    with engine.begin() as connection:
        KINDS.create_all(connection)
    batch_type = BatchType("kinds", Kinds, SharedTable(KindsRow), KindsHandler, object, "Kinds", "Kinds")
    return BatchHarness(engine, batch_type)


def filled(harness: BatchHarness, rows: Sequence[RowValues], **hooks: Any) -> int:
    there = harness.with_handler(type("Filled", (KindsHandler,), {"source": rows, **hooks}))
    batch_id = there.create()
    assert not there.run(batch_id, Action.POPULATE).failed
    return batch_id


#: Any text that a database stores.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(
    ["=1+1", "<r><t>x</t></r>", "_x0041_", "007", "1e5", "a\r\nb", "\ufffe", "long " * 7_000, " ' "]
)
#: Those that a person can type into a cell, so that they are stored as they are.
TYPED = TEXTS.filter(lambda t: 0 < len(t) <= 50 and t == t.strip() and not set(t) & set("\r\ufffe\uffff"))
NONE = st.none()
NUMBERS = st.integers(-(2**31), 2**31 - 1)
VALUES: dict[str, Any] = {
    "number": NONE | NUMBERS,
    "amount": NONE | st.decimals(-999_999_999, 999_999_999, places=3).map(abs),
    "answer": NONE | st.booleans(),
    "day": NONE | st.dates(),
    "moment": NONE | st.datetimes(timezones=st.just(UTC)),
    "colour": NONE | st.sampled_from(["r", "g"]),
}
STORED = st.fixed_dictionaries(
    {"word": NONE | TEXTS.filter(lambda t: len(t) <= 50), "words": NONE | TEXTS, **VALUES}
)
READABLE = st.fixed_dictionaries({"word": NONE | TYPED, "words": NONE | TYPED, **VALUES})
FEW = settings(
    max_examples=20,
    # Every try writes two workbooks, so making a failing example small would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ONE = pytest.mark.parametrize("backend", ["sqlite"])


@ONE
@FEW
@given(rows=st.lists(STORED, min_size=1, max_size=4))
def test_a_sheet_that_nobody_changed_differs_in_nothing(kinds: BatchHarness, rows: list[RowValues]) -> None:
    batch_id = filled(kinds, rows)
    found = look(kinds, batch_id, download(kinds, batch_id))
    assert (found.taken, found.conflicts, found.unreadable, found.notes) == ([], [], [], [])


@ONE
@FEW
@given(rows=st.lists(READABLE, min_size=1, max_size=4))
def test_values_that_are_sent_in_a_sheet_are_those_that_went_out(
    kinds: BatchHarness, rows: list[RowValues]
) -> None:
    full = download(kinds, filled(kinds, rows))
    batch_id = filled(kinds, [{} for _ in rows])
    book = download(kinds, batch_id)
    for mine, theirs in zip(book.rows[1:], full.rows[1:], strict=True):
        mine[2:10] = theirs[2:10]
    take(kinds, batch_id, book)
    assert [{name: row[name] for name in FIELDS} for row in kinds.rows(batch_id)] == rows


# --- Layouts of a type's own ------------------------------------------------------------------------------------------


class RawLayout:
    """Amounts as a file had them, with a comma, while nobody changed them."""

    columns = (SheetColumn("Betrag", "amount"), SheetColumn("Zeile"))
    grid_columns: Sequence[Column] = columns_of(KindsRow, ["number"])

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> list[str]:
        raw = row.raw or ""
        mine = (
            raw if self.field_text("amount", raw) == fields["amount"] else fields["amount"].replace(".", ",")
        )
        return [mine, str(row.number)]

    def field_text(self, field: str, text: str) -> str:
        return text.replace(".", "").replace(",", ".")


@ONE
def test_a_layout_may_show_the_words_of_the_file(kinds: BatchHarness) -> None:
    rows = [{"amount": Decimal("1234.500"), "raw": "1.234,500", "number": n} for n in range(1, 5)]
    parts = {"source": rows, "worksheet": Worksheet(layout=lambda _handler, _batch: RawLayout())}
    there = kinds.with_handler(type("Raw", (KindsHandler,), parts))
    batch_id = there.create()
    there.run(batch_id, Action.POPULATE)
    book = download(there, batch_id)
    assert book.rows[0] == ["Key", "Betrag", "Zeile", "Status", "Problems"]
    assert book.column("Betrag") == ["1.234,500"] * 4
    there.edit(batch_id, 2, amount="7")
    there.edit(batch_id, 3, amount="8")
    assert look(there, batch_id, book).empty
    book[1, "Betrag"], book[2, "Betrag"], book[3, "Betrag"] = "2.000,25", "9,5", "8,0"
    book[4, "Betrag"] = "much"
    found = look(there, batch_id, book)
    assert [(c.mark, c.before, c.now, c.sheet, c.text) for c in (*found.taken, *found.conflicts)] == [
        ("1.amount", "1.234,500", "1.234,500", "2.000,25", "2000.25"),
        ("2.amount", "1.234,500", "7,000", "9,5", "9.5"),
    ]
    assert (found.agreed, [c.mark for c in found.unreadable]) == (1, ["4.amount"])
    take(there, batch_id, book)
    assert there.row(batch_id, 1).amount == Decimal("2000.250")


def test_the_layout_that_the_guide_shows() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "howto" / "worksheets.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    layout = names["GermanPrices"](PriceChangeRow, columns_of(PriceChangeRow, ["sequence", "new_price"]))
    assert [(c.heading, c.field) for c in layout.columns] == [
        ("Row", ""),
        ("New price", "new_price"),
        ("Item code", "item_code"),
    ]
    row: Any = PriceChangeRow(sequence=7)
    assert layout.texts(row, {"item_code": "007", "new_price": "1.50"}) == ["7", "1,50", "007"]
    assert layout.field_text("new_price", "2,25") == "2.25"
