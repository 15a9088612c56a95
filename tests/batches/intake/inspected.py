"""Inspections of small files for the tests of the intake."""

from __future__ import annotations

import io
from collections.abc import Sequence

from batchbook.batches.intake import IntakeField
from batchbook.batches.intake.file_inspection import Intake
from batchbook.batches.intake.file_source import inspect

from .fields import FIELDS

TABLE = "item_code,price,remark,colour\n1234,1.50,fresh,red\n12345,cheap,,blue\n12346,2.00,,red\n"


def inspected(table: str = TABLE, fields: Sequence[IntakeField] = FIELDS) -> Intake:
    """Return the intake of ``table``, read as a CSV file."""
    return inspect("list.csv", io.BytesIO(table.encode()), fields)
