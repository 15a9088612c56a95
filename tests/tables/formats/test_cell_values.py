"""Texts of cells, whichever workbook they come from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from tests.tables.sources import QUICK, XML_TEXTS, Table, in_ods, in_xls, in_xlsx, opened, records, tables

from batchbook.tables.report import Format, Reading


@pytest.mark.parametrize(("kind", "write"), [("xlsx", in_xlsx), ("ods", in_ods), ("xls", in_xls)])
@QUICK
@given(table=tables(XML_TEXTS))
def test_texts_come_back_from_any_workbook(
    kind: Format, write: Callable[[Table], bytes], table: Table
) -> None:
    data = write(table)
    source = opened(data, f"list.{kind}", Reading(kind, header_row=0))
    width = max(place for row in table for place, text in enumerate(row, 1) if text)
    assert records(source) == [row[:width] for row in table]
