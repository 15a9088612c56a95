"""The pages that a batch type has, and the checks of its view when the application starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine
from tests.batches.shelf_count import ShelfCount, ShelfCountHandler

from batchbook.application import configure
from batchbook.batches import BATCH_PAGES, BatchMasterView, RowTable
from batchbook.batches.lifecycle import Action
from batchbook.forms import Field
from batchbook.grid import Kind
from batchbook.master import Page
from batchbook.services import services_of


@pytest.fixture
def backend() -> str:
    """SQLite only: nothing here depends on the database."""
    return "sqlite"


@pytest.fixture
def config(settings: dict[str, str]) -> Iterator[Any]:
    """The configuration of the application, before it serves."""
    config = configure(settings)
    yield config
    services_of(config.registry).get(Engine).dispose()


def register(config: Any, **data: Any) -> None:
    view = type("ShelfCountView", (BatchMasterView,), {"row_table": RowTable(("item_code",)), **data})
    config.add_batch_type(ShelfCount, handler=ShelfCountHandler, view=view)
    config.commit()


class Lost(Page):
    name = "lost"
    pattern = "/lost"
    permission = "lose"
    on_record = True


def test_what_fits_starts(config: Any) -> None:
    groups = {"From a file": ("file",), "Count": ("shelf", "notes")}
    register(config, header_fields=("shelf", "tolerance", "notes"), field_groups=groups)
    assert config.registry.introspector.get("batch types", "shelf_count")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"header_fields": ("shelf", "colour")}, "header_fields .*'colour'"),
        ({"header_fields": ("shelf", "row_count")}, "header_fields .*'row_count'"),
        ({"header_fields": ("shelf", "shelf")}, "same name"),
        ({"header_fields": (Field.of("shelf", Kind.TEXT),)}, "header_fields .*Field"),
        ({"field_groups": {"Count": ("shelf", "colour")}}, "field_groups .*'colour'"),
        (
            {"header_fields": ("shelf",), "field_groups": {"Count": ("tolerance",)}},
            "field_groups .*'tolerance'",
        ),
        ({"row_table": RowTable(("colour",))}, "colour"),
        ({"pages": (*BATCH_PAGES, Lost)}, "Lost"),
        ({"templates": {"veiw": "batchbook.templates:batches/view.jinja2"}}, "templates .*veiw"),
    ],
)
def test_what_cannot_work_stops_the_start(config: Any, data: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        register(config, **data)


def test_every_page_of_a_batch_is_for_an_action_of_the_lifecycle_and_reading_changes_nothing() -> None:
    for page in BATCH_PAGES:
        if page.on_record:
            assert page.permission in list(Action), page
        if hasattr(page, "get") and not hasattr(page, "post"):
            assert page.permission in {"view", "download", "prepare", "export", "create", "edit"}, page
