"""The declaration of quick entry: what it refuses at start-up, and the record that it finds for a scan."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from tests.batches.harness import stock
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches import QuickEntry
from batchbook.batches.scans import read_scan
from batchbook.catalog.models import Department, Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput

FIND = (Product.description, Product.item_code)
ENTRY = QuickEntry(label="Scan", find=FIND, key="item_code", adds="counted")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, "x finds nothing: give it find and key, or row_for."),
        ({"find": FIND}, "x needs key, the column of ShelfCountRow that gets the code."),
        ({"row_for": len, "adds": "counted"}, "x needs key,"),
        ({"row_for": len, "unknown": True}, "x needs key,"),
        ({"find": FIND, "key": "item"}, "x names 'item', which is no column of ShelfCountRow."),
        ({"find": FIND, "key": "item_code", "adds": "count"}, "x names 'count',"),
        ({"find": FIND, "key": "item_code", "named_by": ("name",)}, "x names 'name',"),
        ({"find": FIND, "key": "item_code", "code": "scanned"}, "x names 'scanned',"),
        ({"find": FIND, "key": "item_code", "adds": "remark"}, "x.adds must be a column of numbers"),
        ({"find": FIND, "key": "item_code", "adds": "on_hand"}, "that people may edit, and ShelfCountRow.on_hand is none"),
        ({"find": (*FIND, Department.name), "key": "item_code"}, "x.find must be attributes of one model."),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        QuickEntry(label="Scan", **parts).check("x", ShelfCountRow)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        QuickEntry(label="Scan", row_for=lambda _handler, _batch, _scan: None),
        QuickEntry(label="Scan", find=FIND, key="item_code", unknown=True, named_by=("remark", "counted")),
        QuickEntry(label="Scan", find=FIND, key="item_code", adds=lambda _handler, _batch: "counted"),
    ],
)
def test_what_can_work_is_not(entry: QuickEntry) -> None:
    entry.check("x", ShelfCountRow)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    # The description of these is their item code.
    stock(engine, ("000000013", 1), ("036000291452", 1), ("3600029145", 1), ("13", 1), ("X-1", 1))
    with transaction_scope(engine) as session:
        yield session


def found(session: Session, text: str, entry: QuickEntry = ENTRY) -> Any:
    return entry.record_value(session, read_scan(text, {}))


def test_the_likeliest_spelling_counts(session: Session, subtests: pytest.Subtests) -> None:
    for text, item in {
        "13": "13",
        "000000013": "000000013",
        "3600029145": "3600029145",
        "036000291452": "036000291452",
        "]E00036000291452": "036000291452",
        "x-1": "X-1",
        "14": None,
        "036000291453": None,
    }.items():
        with subtests.test(text):
            assert found(session, text) == item


def test_the_record_gives_the_value_that_is_declared(session: Session) -> None:
    entry = QuickEntry(label="Scan", find=FIND, value=Product.on_hand, key="item_code")
    assert found(session, "13", entry) == 1


def test_a_code_of_several_records_is_refused(session: Session) -> None:
    session.execute(Product.__table__.update().values(description="X-9"))  # type: ignore[attr-defined]
    with pytest.raises(
        BadInput, match="“x-9” is the code of several records, such as 000000013 and 036000291452"
    ):
        found(session, "x-9")
    assert found(session, "13") == "13"


def test_codes_of_a_file_are_found_together(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchbook.batches.quick_entry._TOGETHER", 3)
    session.execute(
        Product.__table__.update().where(Product.item_code.in_(["13", "X-1"])).values(description="X-9")
    )  # type: ignore[attr-defined]
    texts = ["000000013", "x-9", "14", "]E00036000291452", "13", "000000013"]
    scans = [read_scan(text, {}) for text in texts]
    several = ["13", "X-1"]
    assert ENTRY.record_values(session, scans) == [
        ["000000013"],
        several,
        [],
        ["036000291452"],
        ["13"],
        ["000000013"],
    ]
    assert ENTRY.record_values(session, []) == []
    assert QuickEntry(label="Scan", row_for=lambda _h, _b, _s: None).record_values(session, scans[:1]) == [[]]


def test_a_new_row_keeps_the_code_that_was_scanned(session: Session) -> None:
    entry = QuickEntry(label="Scan", find=FIND, key="item_code", code="remark", unknown=True)
    handler: Any = SimpleNamespace(session=session)
    for text, item in (("]E00036000291452", "036000291452"), ("14", "14")):
        values, _ = entry.values(handler, None, read_scan(f"2*{text}", {}))
        assert values == {"item_code": item, "remark": text.removeprefix("]E0")}
