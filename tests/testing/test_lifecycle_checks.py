"""The checks of failure, execution and clones complain about a handler that is broken."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from batchbook.batches import Action, Callbacks, Outcome
from batchbook.catalog.models import Product
from batchbook.testing.databases import Databases
from batchbook.types.price_change.handler import PriceChangeHandler

from .broken_types import broken, complaint


class Commits(PriceChangeHandler):
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        outcome = super().execute(batch, rows, options)
        self.session.commit()
        return outcome


class SaysNothing(PriceChangeHandler):
    def describe_execution(self, batch: Any, options: Any) -> list[str]:
        return []


class DoesNothing(PriceChangeHandler):
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome("Nothing was done.")


class RenamesItsSource(PriceChangeHandler):
    callbacks = Callbacks(
        on_clone=lambda handler, _source, _clone: handler.session.execute(
            update(Product).values(description="Cloned")
        )
    )


@pytest.mark.parametrize(
    ("handler", "check", "words"),
    [
        (SaysNothing, "test_execution_is_described_before_it_happens", "but returned nothing"),
        (DoesNothing, "test_execution_happens_once", "changed nothing outside the batch"),
        (
            RenamesItsSource,
            "test_a_clone_is_open_and_leaves_its_source_alone",
            "must not change existing rows",
        ),
    ],
)
def test_a_broken_execution_or_clone(
    databases: Databases, handler: type[Any], check: str, words: str
) -> None:
    with broken(databases, handler) as (kit, harness):
        assert words in complaint(getattr(kit, check), harness, harness.made)


def test_a_handler_that_commits(databases: Databases) -> None:
    with broken(databases, Commits) as (kit, harness):
        check = kit.test_a_failure_leaves_everything_as_it_was
        assert "session.commit() was refused" in complaint(check, harness, harness.made, Action.EXECUTE)
