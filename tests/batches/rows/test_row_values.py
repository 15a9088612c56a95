"""What a handler gives and a column does not store: an issue of its cell, on both databases, wherever it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, ClassVar

import pytest
from sqlalchemy import BigInteger, ForeignKey, MetaData, String, Text
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Mapped, mapped_column
from tests.batches.harness import BatchHarness

from batchbook.batches import (
    Action,
    Batch,
    BatchHandler,
    BatchRow,
    BatchType,
    Block,
    Callbacks,
    Outcome,
    QuickEntry,
    Rows,
    RowValues,
    Status,
    editable,
)
from batchbook.batches.rows.storage import SharedTable
from batchbook.db import ExactDecimal
from batchbook.db.base import NAMING_CONVENTION
from batchbook.errors import Conflict

SAMPLES = MetaData(naming_convention=NAMING_CONVENTION)


class Known(Status):
    FINE = "fine"


class Sample(Batch):
    __tablename__ = "sample"
    metadata = SAMPLES
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "sample"}

    id: Mapped[int] = mapped_column(ForeignKey(Batch.__table__.c.id, ondelete="CASCADE"), primary_key=True)
    limit: Mapped[int | None] = editable()


class SampleRow(BatchRow):
    __tablename__ = "sample_row"
    __batch__ = Sample
    metadata = SAMPLES

    whole: Mapped[int | None] = editable(label="Quantity")
    big: Mapped[int | None] = editable(BigInteger)
    price: Mapped[Decimal | None] = editable(ExactDecimal(6, 2))
    flag: Mapped[bool | None] = editable()
    day: Mapped[date | None] = editable()
    moment: Mapped[datetime | None] = editable()
    short: Mapped[str | None] = editable(String(5))
    long: Mapped[str | None] = editable(Text)
    filled: Mapped[str] = editable(String(5), default="-")
    must: Mapped[int | None] = mapped_column()
    data: Mapped[dict[str, Any] | None]


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Colour(Enum):
    RED = "red"


class Size(StrEnum):
    SMALL = "s"


class Count(IntEnum):
    TWO = 2


NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)

#: Column, what is given for it, and the text that is kept.
UNSTORABLE: tuple[tuple[str, Any, str], ...] = (
    ("whole", "12", "12"),
    ("whole", "abc", "abc"),
    ("whole", 1.5, "1.5"),
    ("whole", float("nan"), "nan"),
    ("whole", True, "True"),
    ("whole", 2**31, "2147483648"),
    ("whole", b"12", "12"),
    ("whole", NOON, "2026-11-30 12:00:00+00:00"),
    ("whole", {"a": 1}, "{'a': 1}"),
    ("whole", Broken(), "<Broken>"),
    ("big", 2**63, "9223372036854775808"),
    ("big", 10**5000, hex(10**5000)),
    ("big", 2.0**60, "1.152921504606847e+18"),
    ("price", "4.99", "4.99"),
    ("price", 4.99, "4.99"),
    ("price", float("inf"), "inf"),
    ("price", Decimal("NaN"), "NaN"),
    ("price", Decimal("sNaN"), "sNaN"),
    ("price", Decimal("10000"), "10000"),
    ("price", Decimal("1.234"), "1.234"),
    ("price", Decimal("1e-1000"), "1E-1000"),
    ("price", True, "True"),
    ("flag", "yes", "yes"),
    ("flag", 2, "2"),
    ("flag", 1.0, "1.0"),
    ("day", "2026-11-30", "2026-11-30"),
    ("day", NOON, "2026-11-30 12:00:00+00:00"),
    ("day", 20261130, "20261130"),
    ("moment", "2026-11-30T12:00:00Z", "2026-11-30T12:00:00Z"),
    ("moment", NOON.replace(tzinfo=None), "2026-11-30 12:00:00"),
    ("moment", NOON.date(), "2026-11-30"),
    (
        "moment",
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))),
        "9999-12-31 23:59:59.999999-01:00",
    ),
    ("short", "abcdef", "abcdef"),
    ("short", 5, "5"),
    ("short", b"abc", "abc"),
    ("short", Colour.RED, "Colour.RED"),
    ("long", "a\x00b", "a�b"),
    ("long", "a\ud800b", "a�b"),
    ("long", b"\xff", "\\xff"),
    ("data", {"a": Broken()}, "<dict>"),
    ("data", {"a": float("nan")}, "{'a': nan}"),
    ("data", {"a": "\x00"}, "{'a': '\\x00'}"),
)

#: Column, what is given for it, and what is stored.
STORABLE: tuple[tuple[str, Any, Any], ...] = (
    ("whole", 7, 7),
    ("whole", 7.0, 7),
    ("whole", Decimal("7.00"), 7),
    ("whole", Count.TWO, 2),
    ("whole", -(2**31), -(2**31)),
    ("big", 2**63 - 1, 2**63 - 1),
    ("price", 4, Decimal("4.00")),
    ("price", 0.5, Decimal("0.50")),
    ("price", Decimal("1E+2"), Decimal("100.00")),
    ("price", Decimal("-9999.99"), Decimal("-9999.99")),
    ("flag", True, True),
    ("flag", 0, False),
    ("day", date(2026, 11, 30), date(2026, 11, 30)),
    ("moment", NOON.astimezone(timezone(timedelta(hours=2))), NOON),
    ("short", "abcde", "abcde"),
    ("short", Size.SMALL, "s"),
    ("long", "\\u0000 \t\n\\. ä 🥖", "\\u0000 \t\n\\. ä 🥖"),
    ("data", {"a": "\\u0000"}, {"a": "\\u0000"}),
    ("status", Known.FINE, "fine"),
)


def _on_clone(_handler: Any, source: Sample, clone: Sample) -> None:
    clone.limit = source.limit if source.limit is None else "many"  # type: ignore[assignment]


class SampleHandler(BatchHandler[Sample, SampleRow]):
    chunk_size = 7
    statuses = Known
    callbacks = Callbacks(on_clone=_on_clone)
    quick_entry = QuickEntry(label="Scan", row_for=lambda handler, _batch, _scan: handler.entered)
    #: What ``populate`` yields, what ``refresh`` sets by row, and what quick entry adds.
    source: ClassVar[Iterable[RowValues | Block]] = ()
    refreshed: ClassVar[Mapping[int, tuple[str, Any]]] = {}
    entered: ClassVar[RowValues] = {}
    set_at_once: ClassVar[dict[str, Any]] = {}

    def populate(self, batch: Sample) -> Iterable[RowValues | Block]:
        return self.source

    def refresh(self, batch: Sample, rows: Rows) -> None:
        for row in rows:
            if row.sequence in self.refreshed:
                setattr(row, *self.refreshed[row.sequence])
        if self.set_at_once:
            rows.update(**self.set_at_once)

    def execute(self, batch: Sample, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        return Outcome("Done.")


@pytest.fixture
def samples(engine: Database) -> BatchHarness:
    """Batches of samples, on a database that has their tables."""
    SAMPLES.create_all(engine)
    batch_type = BatchType(
        "sample", Sample, SharedTable(SampleRow), SampleHandler, object, "Sample", "Samples"
    )
    return BatchHarness(engine, batch_type)


def handler(**said: Any) -> type[SampleHandler]:
    return type("Handler", (SampleHandler,), said)


def assert_kept(row: Any, name: str, text: str) -> None:
    """The cell is empty, and its only issue keeps the text."""
    assert row[name] is None, name
    [issue] = row.issues
    assert (issue["field"], issue["code"], issue["severity"], issue["raw"]) == (
        name,
        "not-stored",
        "error",
        text,
    )
    assert "so it was not stored." in issue["message"]


def test_what_populate_gives_and_a_column_does_not_store_is_an_issue(samples: BatchHarness) -> None:
    source = [{"long": "fine", name: value} for name, value, _ in UNSTORABLE]
    samples = samples.with_handler(handler(source=source))
    batch_id = samples.create()
    assert not samples.run(batch_id, Action.POPULATE).failed
    rows = samples.rows(batch_id)
    assert len(rows) == len(UNSTORABLE)
    for row, (name, _, text) in zip(rows, UNSTORABLE, strict=True):
        assert_kept(row, name, text)
        assert name == "long" or row.long == "fine"


def test_what_is_given_in_blocks_is_looked_at_as_well(samples: BatchHarness) -> None:
    noted = [None, [{"field": "short", "code": "odd", "severity": "info", "message": "Odd.", "raw": None}]]
    source = [Block.of_columns({"whole": [1, "2"], "short": ["a", "b"], "issues": noted})]
    samples = samples.with_handler(handler(source=source))
    batch_id = samples.create()
    samples.run(batch_id, Action.POPULATE)
    first, second = samples.rows(batch_id)
    assert (first.whole, first.issues, second.whole) == (1, None, None)
    assert [(issue["field"], issue["raw"]) for issue in second.issues] == [("short", None), ("whole", "2")]


def test_what_means_the_same_is_stored(samples: BatchHarness) -> None:
    samples = samples.with_handler(handler(source=[{name: value} for name, value, _ in STORABLE]))
    batch_id = samples.create()
    samples.run(batch_id, Action.POPULATE)
    for row, (name, _, stored) in zip(samples.rows(batch_id), STORABLE, strict=True):
        assert (row[name], type(row[name]), row.issues) == (stored, type(stored), None), name


def test_what_refresh_sets_and_a_column_does_not_store_is_an_issue(samples: BatchHarness) -> None:
    refreshed = {at: (name, value) for at, (name, value, _) in enumerate(UNSTORABLE, start=1)}
    # Compared with what is stored, this raises: it is the handler's failure, not a value.
    signalling = next(
        at for at, (_, value) in refreshed.items() if str(type(value)) and repr_of(value) == "sNaN"
    )
    del refreshed[signalling]
    samples = samples.with_handler(handler(source=[{}] * len(UNSTORABLE), refreshed=refreshed))
    batch_id = samples.create()
    result = samples.run(batch_id, Action.POPULATE)
    assert not result.failed, result
    for row, (name, _, text) in zip(samples.rows(batch_id), UNSTORABLE, strict=True):
        if row.sequence != signalling:
            assert_kept(row, name, text)


def repr_of(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else ""


def test_a_scan_whose_values_a_column_does_not_store_adds_the_row_with_issues(samples: BatchHarness) -> None:
    entered = {"whole": "many", "short": "abcdef", "price": 2}
    samples = samples.with_handler(handler(entered=entered))
    batch_id = samples.create()
    samples.run(batch_id, Action.POPULATE)
    samples.enter(batch_id, "anything")
    [row] = samples.rows(batch_id)
    assert (row.whole, row.short, row.price) == (None, None, Decimal("2.00"))
    assert {issue["field"]: issue["raw"] for issue in row.issues} == {"whole": "many", "short": "abcdef"}
    assert {(field, new) for *_, field, _, new in samples.cells(batch_id)} == {
        ("whole", "many"),
        ("short", "abcdef"),
        ("price", "2.00"),
        ("removed", "no"),
    }


def test_an_edit_of_the_cell_ends_its_issue(samples: BatchHarness) -> None:
    samples = samples.with_handler(handler(source=[{"whole": "12"}]))
    batch_id = samples.create()
    samples.run(batch_id, Action.POPULATE)
    assert samples.edit(batch_id, 1, whole="12") == ["Quantity"]
    row = samples.row(batch_id, 1)
    assert (row.whole, row.issues) == (12, None)


def test_a_cell_that_cannot_be_empty_holds_its_default(samples: BatchHarness) -> None:
    samples = samples.with_handler(handler(source=[{"filled": 5}, {"removed": "no", "version": "x"}]))
    batch_id = samples.create()
    samples.run(batch_id, Action.POPULATE)
    first, second = samples.rows(batch_id)
    assert (first.filled, first.issues[0]["raw"]) == ("-", "5")
    assert (second.removed, second.version) == (False, 1)


def test_issues_that_are_none_are_told(samples: BatchHarness) -> None:
    noted = [
        5,
        ["bad"],
        [{"field": "whole"}],
        [{"field": "whole", "code": "c", "message": "m", "severity": "?"}],
    ]
    samples = samples.with_handler(handler(source=[{"issues": value} for value in [*noted, [], "\x00"]]))
    batch_id = samples.create()
    assert not samples.run(batch_id, Action.POPULATE).failed
    rows = samples.rows(batch_id)
    assert [[(i["field"], i["severity"], i["raw"]) for i in row.issues or ()] for row in rows] == [
        [("issues", "error", "5")],
        [("issues", "error", "bad")],
        [("issues", "error", "{'field': 'whole'}")],
        [("whole", "error", None)],
        [],
        [("issues", "error", "�")],
    ]


def test_one_statement_that_would_store_it_fails_on_both_databases(samples: BatchHarness) -> None:
    samples = samples.with_handler(handler(source=[{"whole": 1}], set_at_once={"whole": "2"}))
    batch_id = samples.create()
    result = samples.run(batch_id, Action.POPULATE)
    assert result.failed
    assert "“2” came as text" in result.message
    assert samples.rows(batch_id) == []


def test_a_header_that_would_store_it_is_refused_on_both_databases(samples: BatchHarness) -> None:
    batch_id = samples.create(limit="3")
    samples.run(batch_id, Action.POPULATE)
    with pytest.raises(Conflict, match="“many” came as text, but Limit takes a whole number"):
        samples.clone(batch_id)
    samples.edit_header(batch_id, limit="4")
    assert samples.batch(batch_id).limit == 4
