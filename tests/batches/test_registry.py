"""Batch types are found by their keys, and their handlers may be swapped by settings that name types that there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook.batches import BatchTypes, HandlerContext
from batchbook.batches.registry import handler_setting, refuse_unknown_handlers, swapped_handler
from batchbook.errors import Missing, Misuse

from .shelf_count import ShelfCount, ShelfCountHandler, ShelfCountRow, shelf_count

OURS = shelf_count()
OTHER = replace(OURS, key="apples", title="Apples")


def test_types_are_found_by_key_and_listed_by_title() -> None:
    types = BatchTypes([OURS])
    types.add(OTHER)
    assert types["shelf_count"] is OURS
    assert [batch_type.title for batch_type in types] == ["Apples", "Shelf count"]
    with pytest.raises(Missing, match=r"no batch type “pears”. Known types: apples, shelf_count\."):
        types["pears"]
    with pytest.raises(Missing, match=r"Known types: none\."):
        BatchTypes()["pears"]


def test_a_type_knows_its_path_its_rows_and_its_view() -> None:
    assert (OURS.path, OURS.row) == ("shelf-count", ShelfCountRow)
    assert replace(OURS, view_name="tests.batches.shelf_count:ShelfStatus").view.__name__ == "ShelfStatus"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_handler_is_made_for_the_batch_with_the_services_of_its_type(engine: Engine) -> None:
    class Ending(ShelfCountHandler):
        def totals(self, batch: ShelfCount) -> list[Any]:
            self.session.commit()
            return []

    batch_type = replace(OURS, handler=Ending, services={"scales": "in grams"})
    with Session(engine) as session:
        context = HandlerContext(session, {}, "ann", datetime(2026, 1, 1, tzinfo=UTC))
        handler = batch_type.make_handler(context, ShelfCount(id=1, params={}))
        assert (handler.context, handler.model, handler.row_model) == (context, ShelfCount, ShelfCountRow)
        assert handler.services == {"scales": "in grams"}
        with pytest.raises(Misuse):
            handler.totals(ShelfCount(id=1))


def test_a_setting_swaps_a_handler_and_must_name_a_type() -> None:
    name = handler_setting("shelf_count")
    assert name == "batchbook.handler.shelf_count"
    assert swapped_handler({name: "acme.counts:Handler"}, "shelf_count") == "acme.counts:Handler"
    assert swapped_handler({name: ""}, "shelf_count") is None
    refuse_unknown_handlers({name: "acme.counts:Handler", "batchbook.jobs": "inline"}, BatchTypes([OURS]))
    with pytest.raises(ConfigurationError, match=r"batchbook\.handler\.shelfcount names no batch type"):
        refuse_unknown_handlers({"batchbook.handler.shelfcount": "x"}, BatchTypes([OURS]))
