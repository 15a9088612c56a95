"""A batch type is checked when the application starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine

from batchbook.application import configure
from batchbook.batches import BatchHandler, BatchMasterView, BatchRow, Outcome, RowTable
from batchbook.catalog.models import Department
from batchbook.services import services_of

from .shelf_count import ShelfCount, ShelfCountHandler, ShelfCountRow

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def config(settings: dict[str, str]) -> Iterator[Any]:
    """The configuration of the application, before it serves."""
    config = configure(settings)
    yield config
    services_of(config.registry).get(Engine).dispose()


@pytest.mark.parametrize("record", [Department, object, "batchbook.words.counted"])
def test_a_record_that_does_not_name_batches_stops_the_start(config: Any, record: Any) -> None:
    view = type("ShelfCountView", (BatchMasterView,), {"row_table": RowTable(("item_code",))})
    with pytest.raises(ConfigurationError, match=r"must be a model .* column batch_id"):
        config.add_batch_type(ShelfCount, handler=ShelfCountHandler, view=view, records=(record,))


def made(handler: type[Any] = ShelfCountHandler, **attributes: Any) -> type[Any]:
    """Return a handler made from ``handler`` with other attributes."""
    return type("Mended", (handler,), attributes)


class Bare(BatchHandler):  # type: ignore[type-arg] - That is what the check is for.
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome("Done.")


class Swapped(BatchHandler[ShelfCountRow, ShelfCount]):  # type: ignore[type-var] - That is what the check is for.
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome("Done.")


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        ("acme.counts:Handler", "there is no module acme. Write it like"),
        ("tests.batches.shelf_count:Handler", "has no attribute 'Handler'"),
        (
            made(statuses=("fine", "wanting")),
            "Mended.statuses must be a subclass of batchbook.batches.Status, an enum",
        ),
        (made(header_statuses={"fine": "Fine"}), "Mended.header_statuses"),
        (
            made(why_not_exceute=lambda _self, _batch: None),
            "Mended, defines why_not_exceute, .* write why_not_execute",
        ),
        (made(peer_colums=("item_code",)), "write peer_columns"),
        (made(exxecute=None), "write execute"),
        (made(exekute=None), "write execute"),
        (Bare, r"Bare, is made from BatchHandler alone: .* BatchHandler\[ShelfCount, ShelfCountRow\]"),
        (Swapped, r"Swapped, is made from BatchHandler\[ShelfCountRow, ShelfCount\]"),
    ],
)
def test_a_wrong_handler_stops_the_start_with_one_line(config: Any, handler: Any, said: str) -> None:
    view = type("ShelfCountView", (BatchMasterView,), {"row_table": RowTable(("item_code",))})
    with pytest.raises(ConfigurationError, match=said) as refused:
        config.add_batch_type(ShelfCount, handler=handler, view=view)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (
            "acme.counts:View",
            "The view 'acme.counts:View' of a batch type is not there: there is no module acme",
        ),
        ({"row_tabel": RowTable(("item_code",))}, "write row_table"),
        (
            {"row_table": ("item_code",)},
            r"ShelfCountView.row_table must be a RowTable, .*, and is \('item_code',\).",
        ),
        ({"row_table": RowTable("item_code")}, "ShelfCountView.row_table.columns must be a tuple of names"),
        ({"header_fields": "shelf"}, "ShelfCountView.header_fields must be a tuple of names of fields"),
        (
            {"field_groups": {"Where": "shelf"}},
            "ShelfCountView.field_groups must be a mapping of headings to tuples",
        ),
        ({"default_sort": ("-id",)}, "ShelfCountView.default_sort must be a tuple of Sort"),
        ({"grid_columns": "id"}, "ShelfCountView.grid_columns must be a tuple of names of columns"),
        ({"description": 5}, "ShelfCountView.description must be a text"),
        (
            {"suggestions": lambda self, field: {}},
            r"ShelfCountView.suggestions can't .* def suggestions\(self\)",
        ),
        (
            {"templates": {"view": "acme.templates:view.jinja2"}},
            "has the template acme.templates:view.jinja2",
        ),
        ({"templates": {"view": "batchbook.templates:no/view.jinja2"}}, "which is not there"),
    ],
)
def test_a_wrong_view_stops_the_start_with_one_line(config: Any, view: Any, said: str) -> None:
    if not isinstance(view, str):
        view = type("ShelfCountView", (BatchMasterView,), {"row_table": RowTable(("item_code",)), **view})
    with pytest.raises(ConfigurationError, match=said) as refused:
        config.add_batch_type(ShelfCount, handler=ShelfCountHandler, view=view)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"records": "acme.models.Sale"}, "add_batch_type.records must be a tuple of models"),
        ({"services": ["printer"]}, "add_batch_type.services must be a mapping of names to objects"),
    ],
)
def test_a_wrong_argument_stops_the_start(config: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        config.add_batch_type(ShelfCount, handler=ShelfCountHandler, view=BatchMasterView, **options)


def test_what_is_similar_by_chance_is_ones_own(config: Any) -> None:
    view = type("ShelfCountView", (BatchMasterView,), {"row_table": RowTable(("item_code",))})
    config.add_batch_type(
        ShelfCount, handler=made(refresh_all=None, executions=None, prepare=None), view=view
    )


@pytest.mark.usefixtures("backend")
def test_rows_that_name_no_header_are_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"The row model Nobodys in tests\..* does not name its header"
    ):
        type("Nobodys", (BatchRow,), {"__tablename__": "nobodys", "__module__": __name__})
