"""Helpers that open files as tables, and tables written in each format."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from tests.tables.file_builders import ods, ods_row, xls

from batchbook.errors import BadInput
from batchbook.tables.report import Reading
from batchbook.tables.source import GUESS_ALL, Source, open_source

Table = list[list[str]]


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def opened(
    content: str | bytes, name: str = "list.csv", requested: Reading = GUESS_ALL, expected: Sequence[str] = ()
) -> Source:
    data = content.encode() if isinstance(content, str) else content
    return open_source(name, io.BytesIO(data), requested, expected)


def records(source: Source) -> Table:
    return [list(record) for chunk in source.chunks() for record in chunk.records]


def codes(source: Source) -> list[str]:
    return [note.code for note in source.notes]


def message(source: Source, code: str) -> str:
    return next(note.message for note in source.notes if note.code == code)


def refusal(content: str | bytes, name: str = "list.csv", requested: Reading = GUESS_ALL) -> str:
    with pytest.raises(BadInput) as caught:
        records(opened(content, name, requested))
    assert caught.value.message.endswith(".")
    return caught.value.message


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


# What XML can hold, and what its line ends become.
XML_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t"),
    max_size=12,
)


LIKELY = st.sampled_from(
    ["", "007", " 7 ", "1,5", "a;b", '"', "a\nb", "a|b", "x\ty", "=1+1", "#N/A", "Ä", "1e5", "2017-12-31"]
)


@st.composite
def tables(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> Table:
    """Return rows that are all as wide as the first; none is blank, since those are no records."""
    width = draw(st.integers(1, 4))
    row = st.lists(LIKELY | texts, min_size=width, max_size=width).filter(
        lambda cells: any(map(str.strip, cells))
    )
    return draw(st.lists(row, min_size=1, max_size=6))


def in_xlsx(table: Table) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    for number, row in enumerate(table):
        for column, text in enumerate(row):
            page.write_string(number, column, text)
    book.close()
    return target.getvalue()


def in_ods(table: Table) -> bytes:
    return ods(("Sheet", "".join(map(ods_row, table))))


def in_xls(table: Table) -> bytes:
    return xls(
        (number, column, text) for number, row in enumerate(table) for column, text in enumerate(row) if text
    )


def written(fill: Callable[[Any, Any], None]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    fill(book, book.add_worksheet("First"))
    book.close()
    return target.getvalue()
