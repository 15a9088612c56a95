from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from pyramid.config import Configurator
from pyramid.testing import DummyRequest
from sqlalchemy import Row, column

from batchbook.grid import Choice, Column, Kind
from batchbook.grid import rows_of as as_rows
from batchbook.master.row_cells import (
    CellIssue,
    EditableRow,
    RowIdentity,
    heading_attributes,
    key_url,
    table_rows,
)

COLUMNS = (
    Column("code", "Code", column("code"), Kind.TEXT),
    Column("price", "Price <b>", column("price"), Kind.DECIMAL, scale=2, editable=True),
    Column("sold", "Sold", column("sold"), Kind.BOOLEAN),
    Column("size", "Size", column("size"), Kind.CHOICE, choices=(Choice("s", "Small'"),), editable=True),
)


def rows_of(*values: Sequence[Any]) -> Sequence[Row[Any]]:
    return [*as_rows(COLUMNS, values)]


def test_rows_have_a_cell_for_each_column_and_the_first_heads_the_row() -> None:
    (row,) = table_rows(COLUMNS, rows_of(("A<1>" * 9, 1234, False, None)), UTC)
    assert [cell.tag for cell in row.cells] == ["th", "td", "td", "td"]
    assert row.cells[0].attributes == ' class="cell cell-text" data-field="code" scope="row"'
    assert row.cells[0].html == row.cells[0].title == "A&lt;1&gt;" * 9
    assert row.cells[1].attributes == ' class="cell cell-decimal" data-field="price"'
    assert ">No<" in row.cells[2].html
    assert "yesno" not in row.cells[2].html
    assert row.mark == ""
    # The text to copy is told where people read another one.
    assert [cell.text for cell in row.cells] == [None, "1234.00", "no", ""]


def test_rows_tell_their_key_their_version_and_their_place() -> None:
    rows = table_rows(
        COLUMNS,
        rows_of(("a", 1, None, None), ('"b"', 2, None, None)),
        UTC,
        identity=lambda row: RowIdentity(row.code, 3),
        places=[51, 52],
    )
    assert [row.attributes for row in rows] == [
        ' data-key="a" data-version="3" aria-rowindex="52"',
        ' data-key="&#34;b&#34;" data-version="3" aria-rowindex="53"',
    ]


def test_links_and_marks_are_made_for_each_row() -> None:
    rows = rows_of(("a", 1, None, None), ("b", 2, None, None))
    found = list(
        table_rows(COLUMNS, rows, UTC, links={"code": lambda row: f"/{row.code}"}, mark=lambda row: row.code)
    )
    assert [(row.mark, row.cells[0].url, row.cells[1].url) for row in found] == [
        ("a", "/a", None),
        ("b", "/b", None),
    ]


def test_an_editable_cell_leads_to_its_field_and_shows_the_raw_text_of_what_could_not_be_stored() -> None:
    issue = CellIssue("It is no number.", "error", "It is no number.", raw="<lots>")
    (row,) = table_rows(
        COLUMNS,
        rows_of(("a", None, None, "s")),
        UTC,
        editable=lambda _row: EditableRow("/form", {"price": issue}),
    )
    price, size = row.cells[1], row.cells[3]
    assert (
        price.attributes == ' class="cell cell-decimal cell-editable cell-error" data-field="price" data-cell'
    )
    assert price.html == '<span class="cell-raw">&lt;lots&gt;</span>'
    assert (price.url, price.text, price.issue) == ("/form#field-price", "<lots>", issue)
    assert (size.html, size.text) == ("Small&#39;", "s")
    assert row.cells[0].issue is None
    assert "data-cell" not in row.cells[0].attributes


def test_a_heading_says_what_the_cells_of_its_column_have_in_common() -> None:
    _, price, _, size = (heading_attributes(column, editable=True) for column in COLUMNS)
    assert (
        price
        == ' data-field="price" data-label="Price &lt;b&gt;" data-kind="decimal" data-editable data-scale="2"'
    )
    assert 'data-choices=\'[["s", "Small\\u0027"]]\'' in size
    assert "data-editable" not in heading_attributes(COLUMNS[1], editable=False)


def test_the_address_of_a_row_is_that_of_the_route() -> None:
    config = Configurator()
    config.add_route("shelf", "/shops/{shop}/shelves/{id}/edit")
    config.commit()
    request = DummyRequest()
    request.registry = config.registry
    make = key_url(request, "shelf", "id", shop="a b")
    for key in (7, "x y", "ü/~", "50%"):
        assert make(key) == request.route_path("shelf", shop="a b", id=key)
