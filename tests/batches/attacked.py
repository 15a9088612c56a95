"""An executed price change and an open one beside it, and a plain way to attack them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Table, text

from batchbook.batches import Action, BatchType
from batchbook.batches.freeze import MESSAGE
from batchbook.batches.freeze.execution_gate import KEPT_MESSAGE
from batchbook.batches.policies.models import APPROVE, BatchApproval
from batchbook.batches.review.comments import add_comment
from batchbook.batches.rows.storage import SharedTable
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

from .harness import BatchHarness, snapshot, stock

FILE = "item_code,description,size,price\n001,Apples,1 kg,2.00\n002,Pears,,0.50\n003,Plums,,oops\n"

#: What the database says of a change of a frozen batch, or of an approval, frozen or not.
FROZEN = f"{MESSAGE}|{KEPT_MESSAGE}"
#: What the database says where a key that is referred to, or taken, refuses before the freeze does.
REFUSED = f"{FROZEN}|violates|constraint failed"

#: The tables of a batch, with the column that names it.
PARTS = {
    "batch": "id",
    "price_change": "id",
    "price_change_row": "batch_id",
    "batch_file": "batch_id",
    "batch_file_chunk": "batch_id",
    "operation": "batch_id",
    "cell_change": "batch_id",
    "batch_comment": "batch_id",
    "batch_effect": "batch_id",
    "batch_approval": "batch_id",
}

PRICE_CHANGE = BatchType(
    "price_change",
    PriceChange,
    SharedTable(PriceChangeRow),
    PriceChangeHandler,
    object,
    "Price change",
    "Price changes",
)


@dataclass
class Attacked:
    """``frozen`` is the number of the executed batch, ``open`` of the other."""

    catalogue: BatchHarness
    frozen: int
    open: int

    @property
    def engine(self) -> Engine:
        return self.catalogue.database

    def all(self) -> dict[str, Any]:
        return snapshot(self.engine, Base.metadata)

    def raw(self, *statements: str) -> None:
        """Run ``statements`` as they are, in one transaction."""
        with transaction_scope(self.engine) as session:
            for statement in statements:
                session.connection().exec_driver_sql(self.filled(statement))

    def filled(self, statement: str) -> str:
        return statement.format(frozen=self.frozen, open=self.open)

    def refused(self, attack: Any, match: str = FROZEN) -> None:
        """The attack, a statement or a call, fails, and nothing has changed in any table."""
        before = self.all()
        problem = None
        try:
            attack() if callable(attack) else self.raw(*([attack] if isinstance(attack, str) else attack))
        except Exception as error:  # noqa: BLE001 - Whatever refuses, it must say why; that is asserted below.
            problem = str(error)
        assert problem is not None, f"It succeeded: {attack}"
        assert re.search(match, problem), (attack, problem)
        assert self.all() == before, attack


def make_batches(engine: Engine) -> None:
    """Make batch 1, executed, and 2, open, with records in all their tables, and a price that was changed."""
    stock(engine, ("001", 1), ("002", 2), ("003", 3))
    catalogue = BatchHarness(engine, PRICE_CHANGE)
    batches = [catalogue.open(FILE, warn_above="10"), catalogue.open(FILE)]
    for batch_id in batches:
        catalogue.edit(batch_id, 3, new_price="1.00")
        catalogue.remove(batch_id, 3)
        with catalogue.engine() as engine:
            add_comment(engine, batch_id, "Too dear, @nobody.", 3, "new_price")
        with transaction_scope(catalogue.database) as session:
            session.add(
                BatchApproval(
                    batch_id=batch_id,
                    number=1,
                    kind=APPROVE,
                    at=datetime.now(UTC),
                    signed_by="somebody",
                    meaning="reviewed and approved",
                    digest="0" * 64,
                )
            )
    catalogue.run(batches[0], Action.COMPLETE, Action.EXECUTE)
    # An open batch has no effects but those that somebody has put there.
    names, values = columns("batch_effect", batch_id=str(batches[1]))
    with transaction_scope(catalogue.database) as session:
        session.execute(text(f"INSERT INTO batch_effect ({names}) SELECT {values} FROM batch_effect"))


def table(name: str) -> Table:
    return Base.metadata.tables[name]


def columns(name: str, **replaced: str) -> tuple[str, str]:
    """Return a table's columns for an INSERT … SELECT from itself, some replaced by an expression."""
    names = [column.name for column in table(name).columns]
    quoted = [f'"{column}"' for column in names]
    values = [
        f'{replaced[column]} AS "{column}"' if column in replaced else f'"{column}"' for column in names
    ]
    return ", ".join(quoted), ", ".join(values)
