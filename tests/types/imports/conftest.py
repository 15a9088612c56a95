"""A shop whose products, vendors and departments tables are imported into."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Engine as Database
from sqlalchemy import event, select

from batchbook.batches import Action, Batch
from batchbook.batches.editing import HeaderEditor, RowEditor, RowRemover
from batchbook.batches.engine.creation import clone_batch, create_batch, delete_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.file_intake import file_source_of
from batchbook.batches.intake.file_source import store_intake
from batchbook.batches.registry import BatchTypes
from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission
from batchbook.services import Services, services_of
from batchbook.testing.databases import Fill


@dataclass
class ImportHarness:
    """Makes and runs imports, for staff unless somebody else is said."""

    database: Database
    services: Services

    def act(self, session: Any, actor: str = "staff") -> Engine:
        return Engine(session, self.services.get(BatchTypes), self.services.settings, actor)

    def create(self, table: str, actor: str = "staff", name: str = "list.csv", **texts: str) -> int:
        """Create batch an import of ``table``; return its number."""
        with transaction_scope(self.database) as session:
            engine = self.act(session, actor)
            file = io.BytesIO(table.encode())
            batch = create_batch(engine, "import", {"target": "product", **texts}, file, name)
            result = engine.run(batch.id, Action.POPULATE)
            assert not result.failed, result.message
            return batch.id

    def upload(self, table: str) -> int:
        """Create an import of ``table`` that is not populated yet; return its number."""
        with transaction_scope(self.database) as session:
            file = io.BytesIO(table.encode())
            return create_batch(self.act(session), "import", {"target": "product"}, file, "list.csv").id

    def run(
        self, number: int, *actions: Action, options: Mapping[str, Any] | None = None, by: str = "staff"
    ) -> Result:
        result = Result("")
        for action in actions:
            with transaction_scope(self.database) as session:
                last = options if action is actions[-1] else None
                confirmed = {"confirm": "all"} if action is Action.EXECUTE else {}
                result = self.act(session, by).run(number, action, {**confirmed, **(last or {})})
                assert not result.failed, result.message
        return result

    def execute(self, number: int, **options: Any) -> Result:
        return self.run(number, Action.COMPLETE, Action.EXECUTE, options=options)

    def edit(self, number: int, sequence: int, **texts: str) -> None:
        with transaction_scope(self.database) as session:
            RowEditor(self.act(session)).edit(number, sequence, texts)

    def add_row(self, number: int, **texts: str) -> None:
        with transaction_scope(self.database) as session:
            RowEditor(self.act(session)).add(number, texts)

    def edit_header(self, number: int, **texts: str) -> None:
        with transaction_scope(self.database) as session:
            HeaderEditor(self.act(session)).edit(number, texts)

    def remove(self, number: int, sequence: int) -> None:
        with transaction_scope(self.database) as session:
            RowRemover(self.act(session)).set_removed(number, sequence, removed=True)

    def clone(self, number: int) -> int:
        with transaction_scope(self.database) as session:
            return clone_batch(self.act(session), number).id

    def delete(self, number: int) -> None:
        with transaction_scope(self.database) as session:
            delete_batch(self.act(session), number)

    def create_mapped(self, table: str | bytes, carried: list[int], name: str = "list.csv") -> int:
        """Create an import that carries the columns ``carried`` besides what is found by name."""
        data = table.encode() if isinstance(table, str) else table
        with transaction_scope(self.database) as session:
            engine = self.act(session)
            batch = create_batch(engine, "import", {"target": "product"}, io.BytesIO(data), name)
            context = engine.context_of(batch)
            intake = file_source_of(context).inspect(context.handler, batch)
            mapping = replace(intake.mapping, carried=tuple(carried))
            store_intake(batch, replace(intake, suggestion=replace(intake.suggestion, mapping=mapping)))
            engine.run(batch.id, Action.POPULATE)
            return batch.id

    def create_department(self, name: str) -> None:
        with transaction_scope(self.database) as session:
            session.add(Department(name=name))

    def forbid(self, role: str, permission: str) -> None:
        with transaction_scope(self.database) as session:
            wanted = select(RolePermission).join(RolePermission.role).where(Role.name == role)
            session.delete(session.scalars(wanted.where(RolePermission.permission == permission)).one())

    def rename_department(self, name: str, other: str) -> None:
        with transaction_scope(self.database) as session:
            session.scalars(select(Department).where(Department.name == name)).one().name = other

    def set_vendor(self, code: str, vendor: str) -> None:
        """Have another vendor deliver a product, as somebody else would."""
        with transaction_scope(self.database) as session:
            product = session.scalars(select(Product).where(Product.item_code == code)).one()
            product.vendor = session.scalars(select(Vendor).where(Vendor.code == vendor)).one()

    def add_product(self, code: str) -> None:
        with transaction_scope(self.database) as session:
            session.add(Product(item_code=code, description="Theirs", price=Decimal(1)))

    def set_price(self, code: str, price: str) -> None:
        """Change a price as somebody else would."""
        with transaction_scope(self.database) as session:
            product = session.scalars(select(Product).where(Product.item_code == code)).one()
            product.price, product.version = Decimal(price), product.version + 1

    def batch(self, number: int) -> Any:
        with transaction_scope(self.database, read_only=True) as session:
            return session.scalars(select(Batch).where(Batch.id == number)).one()

    def rows(self, number: int) -> list[Any]:
        """Return the batch's rows in their order."""
        with transaction_scope(self.database, read_only=True) as session:
            row = self.services.get(BatchTypes)["import"].rows.of(session.get_one(Batch, number))
            return list(session.execute(select(row.__table__).order_by(row.sequence)).all())

    def statuses(self, number: int) -> list[str]:
        return [row.status for row in self.rows(number)]

    def product(self, code: str) -> Any:
        with transaction_scope(self.database, read_only=True) as session:
            wanted = select(
                Product.description, Product.size, Product.price, Product.on_hand, Product.active, Product.version,
                Department.name.label("department"), Vendor.code.label("vendor"),
            ).outerjoin(Product.department).outerjoin(Product.vendor).where(Product.item_code == code)  # fmt: skip
            return session.execute(wanted).one_or_none()

    def price_history(self) -> list[tuple[Any, ...]]:
        with transaction_scope(self.database, read_only=True) as session:
            wanted = select(
                PriceHistory.item_code, PriceHistory.old_price, PriceHistory.new_price, PriceHistory.sequence
            )
            return [tuple(row) for row in session.execute(wanted.order_by(PriceHistory.id))]


@contextmanager
def sent(database: Database) -> Iterator[list[str]]:
    """Yield a list that gets each statement that is sent within the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database, "before_cursor_execute", note)


def workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with these texts, in which an escape such as ``_x0000_`` stands for its character."""
    file, changed = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for line, texts in enumerate(rows):
            sheet.write_row(line, 0, texts)
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(changed, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, archive.read(name).replace(b"_x005F_x", b"_x"))
    return changed.getvalue()


def add_products(engine: Database) -> None:
    """Add three products of two vendors in two departments; two vendors have one name."""
    with transaction_scope(engine) as session:
        grocery, produce = Department(name="GROCERY"), Department(name="PRODUCE")
        first, second = Vendor(code="V1", name="Müller & Sons"), Vendor(code="V2", name="Twin")
        session.add_all([grocery, produce, first, second, Vendor(code="V3", name="Twin")])
        session.add_all(
            Product(item_code=code, description=f"Item {code[-1]}", size="1 OZ", price=Decimal(price), on_hand=3,
                    department=department, vendor=vendor)
            for code, price, department, vendor in (
                ("000000001", "1.00", grocery, first),
                ("000000002", "2.00", grocery, first),
                ("000000003", "3.00", produce, second),
            )
        )  # fmt: skip


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has products where the test takes ``harness``."""
    return (*fill, add_products) if "harness" in request.fixturenames else fill


@pytest.fixture
def harness(engine: Database, app: Any, users: Any) -> ImportHarness:
    """Imports, for staff, into a catalogue of three products."""
    return ImportHarness(engine, services_of(app.registry))
