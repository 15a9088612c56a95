"""Fields for the tests of the intake."""

from __future__ import annotations

from typing import Any

from sqlalchemy import null

from batchbook.batches.intake import IntakeField
from batchbook.grid import Column, Kind, label_of


def field(
    name: str, kind: Kind, *synonyms: str, required: bool = False, key: bool = False, **rules: Any
) -> IntakeField:
    """A field that fills a column of the same name."""
    return IntakeField(name, Column(name, label_of(name), null(), kind, **rules), required, key, synonyms)


FIELDS = (
    field("item_code", Kind.TEXT, required=True, key=True, max_length=9, blank=""),
    field("price", Kind.DECIMAL, "price", "unit price", "cost", required=True, scale=2),
    field("remark", Kind.TEXT, max_length=100),
)
