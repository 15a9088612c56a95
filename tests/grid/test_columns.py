from __future__ import annotations

from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import pytest
from sqlalchemy import JSON, Float, Numeric, Uuid, func, null
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from batchbook.db import UTCDateTime
from batchbook.grid import (
    Choice,
    Column,
    Kind,
    Verb,
    choices_of,
    columns_of,
    condition,
    kind_of,
    parse,
    to_text,
)
from batchbook.grid.columns import limits_of

from .harness import NAMES, Article, Invoice


def column(name: str) -> Column:
    return columns_of(Article, [name])[0]


def test_kinds_come_from_the_types() -> None:
    kinds = [column.kind for column in columns_of(Article, NAMES)]
    assert kinds == [
        Kind.TEXT, Kind.TEXT, Kind.DECIMAL, Kind.INTEGER, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.CHOICE, Kind.USER,
    ]  # fmt: skip


def test_a_name_is_a_plain_text_for_drivers() -> None:
    key = Article.__mapper__.columns["code"].key
    assert [type(column(name).name) for name in ("code", key)] == [str, str]


def test_labels_rules_and_limits_come_from_the_mapping() -> None:
    assert [column(name).label for name in ("id", "seen_at", "owner")] == ["ID", "Seen at", "Kept by"]
    assert column("code").required
    assert not column("name").required
    assert column("code").max_length == 8
    assert column("note").max_length == 10_000
    assert column("code").description == "As printed on the label."
    price = column("price")
    assert (price.scale, price.minimum, price.editable, price.align) == (2, 0, True, "right")
    assert price.limits == (Decimal("-999999.99"), Decimal("999999.99"))
    assert column("tiny").limits == (-(2**15), 2**15 - 1)
    assert column("stock").limits == (-(2**31), 2**31 - 1)
    assert column("huge").limits == (-(2**63), 2**63 - 1)


def test_an_empty_text_stands_for_itself_where_it_is_the_default() -> None:
    assert not column("note").required
    assert column("note").blank == ""


def test_a_generated_key_is_not_asked_for() -> None:
    assert not column("id").required


def test_inherited_columns_are_found() -> None:
    assert [column.name for column in columns_of(Invoice, ["title", "amount"])] == ["title", "amount"]


def test_a_ready_column_stands_for_itself() -> None:
    price = column("price")
    assert columns_of(Article, [price, "code"])[0] is price


def test_an_unknown_name_fails_at_once() -> None:
    with pytest.raises(ValueError, match="Article has no column “prize”"):
        columns_of(Article, ["prize"])


@pytest.mark.parametrize("column_type", [JSON(), Float(), Uuid()])
def test_a_type_without_a_kind_is_refused(column_type: TypeEngine[Any]) -> None:
    with pytest.raises(TypeError, match="cannot show"):
        kind_of(column_type)


def test_decorated_types_count_as_what_they_decorate() -> None:
    assert kind_of(UTCDateTime()) is Kind.DATETIME
    assert kind_of(Numeric(10, 2)) is Kind.DECIMAL


class Colour(StrEnum):
    DARK_RED = "dark_red"


class Level(Enum):
    LOW = 1


def test_choices_come_from_enums_pairs_and_values() -> None:
    assert choices_of(Colour) == (Choice("dark_red", "Dark red"),)
    assert choices_of([("a", "Alpha"), "beta_two"]) == (Choice("a", "Alpha"), Choice("beta_two", "Beta two"))


def test_an_enum_column_offers_its_members() -> None:
    class Own(DeclarativeBase):
        pass

    class Thing(Own):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        level: Mapped[Level] = mapped_column(EnumType(Level))

    (level,) = columns_of(Thing, ["level"])
    assert level.kind is Kind.CHOICE
    assert level.choices == (Choice(Level.LOW, "Low"),)
    assert level.choice_of(Level.LOW) == Choice(Level.LOW, "Low")
    assert parse(level, to_text(level, Level.LOW)) is Level.LOW
    # The type refuses texts that are no member's, so an empty one must not be compared with.
    assert str(condition(level, Verb.EMPTY, [], None)) == "thing.level IS NULL"


def test_a_column_made_by_hand_has_the_limits_of_its_expression() -> None:
    def limits(expression: Any, **rules: Any) -> Any:
        return limits_of(Column("x", "X", expression, Kind.INTEGER, **rules))

    assert limits(Article.stock) == limits(func.count()) == (-(2**31), 2**31 - 1)
    assert limits(Article.huge) == limits(null()) == (-(2**63), 2**63 - 1)
    assert limits(Article.stock, limits=(0, 9)) == (0, 9)
    price = Column("x", "X", Article.price, Kind.DECIMAL)
    assert limits_of(price) == (Decimal("-999999.99"), Decimal("999999.99"))
    assert limits_of(Column("x", "X", null(), Kind.TEXT)) is None
