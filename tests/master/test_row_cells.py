from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.testing import DummyRequest
from sqlalchemy import Row, column
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from batchbook.grid import Choice, Column, Kind
from batchbook.master.row_cells import EditableCell, key_url, table_rows

COLUMNS = (
    Column("code", "Code", column("code"), Kind.TEXT),
    Column("price", "Price <b>", column("price"), Kind.DECIMAL, scale=2),
    Column("sold", "Sold", column("sold"), Kind.BOOLEAN),
    Column("size", "Size", column("size"), Kind.CHOICE, choices=(Choice("s", "Small'"),)),
)


def rows_of(*values: Sequence[Any]) -> Sequence[Row[Any]]:
    return IteratorResult(SimpleResultMetaData([one.name for one in COLUMNS]), iter(values)).all()


def test_rows_have_a_cell_for_each_column_and_the_first_heads_the_row() -> None:
    (row,) = table_rows(COLUMNS, rows_of(("A<1>", 5, False, None)), UTC)
    assert [cell.tag for cell in row.cells] == ["th", "td", "td", "td"]
    assert row.cells[0].attributes == Markup(' scope="row"')
    assert (row.cells[0].html, row.cells[0].title) == ("A&lt;1&gt;", "A&lt;1&gt;")
    assert [cell.css for cell in row.cells[:2]] == ["cell cell-text", "cell cell-decimal"]
    assert ">No<" in row.cells[2].html
    assert "yesno" not in row.cells[2].html
    assert row.mark == ""


def test_links_and_marks_are_made_for_each_row() -> None:
    rows = rows_of(("a", 1, None, None), ("b", 2, None, None))
    found = list(
        table_rows(COLUMNS, rows, UTC, links={"code": lambda row: f"/{row.code}"}, mark=lambda row: row.code)
    )
    assert [(row.mark, row.cells[0].url, row.cells[1].url) for row in found] == [
        ("a", "/a", None),
        ("b", "/b", None),
    ]


def test_an_editable_cell_says_its_column_and_shows_the_raw_text_of_what_could_not_be_stored() -> None:
    edits = {
        "price": EditableCell("/form", "/cell", 3, "<lots>", "It is no number.", "error"),
        "size": EditableCell("/form", "/cell", 3, "s"),
    }
    (row,) = table_rows(COLUMNS, rows_of(("a", None, None, "s")), UTC, editable=lambda _row: edits)
    price, size = row.cells[1], row.cells[3]
    assert price.css == "cell cell-decimal cell-editable cell-error"
    assert price.html == '<span class="cell-raw">&lt;lots&gt;</span>'
    assert 'data-label="Price &lt;b&gt;"' in price.attributes
    assert size.html == "Small&#39;"
    assert 'data-choices=\'[["s", "Small\\u0027"]]\'' in size.attributes
    assert row.cells[0].edit is None


def test_the_address_of_a_row_is_that_of_the_route() -> None:
    config = Configurator()
    config.add_route("shelf", "/shops/{shop}/shelves/{id}/edit")
    config.commit()
    request = DummyRequest()
    request.registry = config.registry
    make = key_url(request, "shelf", "id", shop="a b")
    for key in (7, "x y", "ü/~", "50%"):
        assert make(key) == request.route_path("shelf", shop="a b", id=key)
