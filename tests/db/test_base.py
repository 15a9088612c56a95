"""The declarative base: names of constraints, and defaults that forms and bulk writing need."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table, UniqueConstraint, func

from batchbook.db.base import NAMING_CONVENTION, Base, scalar_defaults

THING = Table(
    "shelf",
    MetaData(naming_convention=NAMING_CONVENTION),
    Column("id", Integer, primary_key=True),
    Column("name", String(10), default="new", unique=True, index=True),
    Column("count", Integer, default=0),
    Column("made", Integer, default=func.now()),
    Column("code", Integer, default=lambda: 7),
    UniqueConstraint("count", "code"),
)


def test_defaults_are_those_that_are_one_plain_value() -> None:
    assert scalar_defaults(THING.columns) == {"name": "new", "count": 0}


def test_every_constraint_of_every_model_has_a_name() -> None:
    import batchbook.models  # noqa: F401 - It has all of them.

    nameless = [
        (table.name, type(constraint).__name__)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if not constraint.name
    ]
    assert len(Base.metadata.tables) > 10
    assert nameless == []
    assert {constraint.name for constraint in THING.constraints} == {"pk_shelf", "uq_shelf_count"}
