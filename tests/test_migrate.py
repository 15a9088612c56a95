from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import render_python_code
from alembic.config import Config
from alembic.operations.ops import CreateTableOp, UpgradeOps
from alembic.runtime.migration import MigrationContext
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Boolean, Column, Engine, MetaData, Table, false, insert, inspect, select, text, true

from batchbook import migrate, schema_version
from batchbook.batches.cell_chunks import CellChunk
from batchbook.batches.models import Batch, CellChange, Operation
from batchbook.catalog.models import Product, Vendor
from batchbook.db import ExactDecimal, JSONValue, utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.models import metadata

PLUGIN = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "acme1", None, ("acme",), None


def upgrade():
    op.create_table("acme_note", sa.Column("id", sa.Integer, primary_key=True))
    {more}
"""

REBUILD = """
    with op.batch_alter_table("vendor") as vendor:
        vendor.alter_column("name", type_=sa.String(200))
"""


def plugin(tmp_path: Path, more: str = "pass") -> list[str]:
    """Write a plug-in's migrations and return where they are."""
    place = tmp_path / "acme"
    place.mkdir()
    (place / "acme1.py").write_text(PLUGIN.format(more=more.strip()))
    return [str(place)]


def add_product(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        session.add(
            Product(item_code="01", description="Apples", price=Decimal("2.49"), vendor=Vendor(code="V1"))
        )


def test_an_empty_database_becomes_what_the_models_say(empty_engine: Engine) -> None:
    assert not schema_version.is_current(empty_engine)
    migrate.upgrade(empty_engine)
    assert schema_version.is_current(empty_engine)
    assert migrate.differences(empty_engine) == []
    assert set(inspect(empty_engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_all_the_way_down_leaves_nothing_and_up_again_leads_to_the_models(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHBOOK_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    engine.dispose()
    ini = Path(__file__).parents[1] / "alembic.ini"
    command.downgrade(Config(ini), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []


def test_packed_cells_become_rows_again_when_going_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = {
        "id": 1,
        "type": "batch",
        "created_by": "ann",
        "created_at": utc_now(),
        "params": {},
        "status_counts": {},
    }
    key = {"batch_id": 1, "number": 1}
    data = '[[3,"price","1.50",null],[4,"name","a","\\"b\\"",[{"field":"name","code":"odd","message":"Odd.","raw":"a"}]]]'
    with transaction_scope(engine) as session:
        session.execute(insert(Batch.__table__), header)
        session.execute(
            insert(Operation), key | {"kind": "edit", "at": utc_now(), "actor": "ann", "summary": ""}
        )
        limits = {"position": 7, "cells": 2, "first_sequence": 3, "last_sequence": 4}
        session.execute(insert(CellChunk), {"batch_id": 1, "operation": 1, **limits, "data": data})
    monkeypatch.setenv("BATCHBOOK_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    engine.dispose()
    command.downgrade(Config(Path(__file__).parents[1] / "alembic.ini"), "0030")
    cell = CellChange
    with transaction_scope(engine, read_only=True) as session:
        columns = (cell.operation, cell.position, cell.sequence, cell.field, cell.old, cell.new)
        assert session.execute(select(*columns).order_by(cell.position)).all() == [
            (1, 7, 3, "price", "1.50", None),
            (1, 8, 4, "name", "a", '"b"'),
        ]
        issues = session.scalars(select(cell.issues).order_by(cell.position)).all()
        assert [issues[0], issues[1] and issues[1][0]["raw"]] == [None, "a"]


def test_upgrading_again_keeps_the_data(engine: Engine) -> None:
    add_product(engine)
    migrate.upgrade(engine)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(Product.item_code)).all() == ["01"]


def test_a_missing_column_is_a_difference(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE vendor DROP COLUMN name"))
    assert [(what[0], what[2], what[3].name) for what in migrate.differences(engine)] == [
        ("add_column", "vendor", "name")
    ]


def test_a_plugin_has_a_branch_of_its_own(engine: Engine, tmp_path: Path) -> None:
    places = plugin(tmp_path)
    assert schema_version.is_current(engine)
    assert not schema_version.is_current(engine, places)
    migrate.upgrade(engine, places)
    assert schema_version.is_current(engine, places)
    assert schema_version.is_current(engine)
    assert "acme_note" in inspect(engine).get_table_names()


def test_tables_of_plugins_and_of_run_time_types_are_no_difference(engine: Engine, tmp_path: Path) -> None:
    migrate.upgrade(engine, plugin(tmp_path))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE row_00000001 (id INTEGER PRIMARY KEY)"))
    assert migrate.differences(engine) == []


def test_a_table_with_data_and_references_can_be_rebuilt(engine: Engine, tmp_path: Path) -> None:
    add_product(engine)
    migrate.upgrade(engine, plugin(tmp_path, REBUILD))
    with transaction_scope(engine, read_only=True) as session:
        product = session.scalars(select(Product)).one()
        assert product.vendor is not None
        assert product.vendor.code == "V1"
    with pytest.raises(Exception, match=r"(?i)foreign key"), transaction_scope(engine) as session:
        session.execute(text("DELETE FROM vendor"))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_table_that_triggers_name_can_be_rebuilt(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER guard BEFORE DELETE ON product WHEN EXISTS (SELECT 1 FROM vendor)"
            " BEGIN SELECT RAISE(ABORT, 'guarded'); END"
        )
    add_product(engine)
    migrate.upgrade(engine, plugin(tmp_path, REBUILD))
    with pytest.raises(Exception, match="guarded"), transaction_scope(engine) as session:
        session.execute(text("DELETE FROM product"))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_reference_to_nothing_stops_a_migration(engine: Engine, tmp_path: Path) -> None:
    add_product(engine)
    places = plugin(tmp_path, 'op.execute("DELETE FROM vendor")')
    with pytest.raises(RuntimeError, match="of table product would refer to nothing in vendor"):
        migrate.upgrade(engine, places)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(Vendor.code)).all() == ["V1"]
    assert "acme_note" not in inspect(engine).get_table_names()


def test_a_migration_that_fails_leaves_everything_as_it_was(engine: Engine, tmp_path: Path) -> None:
    places = plugin(tmp_path, 'raise ValueError("broken")')
    with pytest.raises(
        ConfigurationError, match=r"could not be run: ValueError: broken \(.*acme1.py, line \d+\)"
    ):
        migrate.upgrade(engine, places)
    assert "acme_note" not in inspect(engine).get_table_names()
    assert schema_version.is_current(engine)
    assert not schema_version.is_current(engine, places)


def test_the_tables_of_a_package_are_those_of_its_models() -> None:
    names = {table.name for table in migrate.tables_of("batchbook.catalog")}
    assert {"product", "vendor", "price_history"} <= names
    assert "batch" not in names
    assert migrate.tables_of("batchbook.cat") == set()


def test_truth_values_are_rendered_for_every_database(empty_engine: Engine) -> None:
    flags = Table(
        "flags", MetaData(),
        Column("off", Boolean, server_default=false()), Column("on", Boolean, server_default=true()),
        Column("sum", ExactDecimal(9, 2), server_default=text("0")), Column("notes", JSONValue),
    )  # fmt: skip
    with empty_engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts=migrate.COMPARE | {"target_metadata": flags.metadata}
        )
        code = render_python_code(
            UpgradeOps([CreateTableOp.from_table(flags)]),
            render_item=migrate.COMPARE["render_item"],
            migration_context=context,
        )
    for part in ("server_default=sa.false()", "server_default=sa.true()", "server_default=sa.text('0')",
                 "db.ExactDecimal(precision=9, scale=2)", "db.JSONValue"):  # fmt: skip
        assert part in code
