"""Models and columns for the grid's tests: every kind of column, and a joined-table subtype."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ForeignKey, SmallInteger, String, Text, null, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from batchbook.db import ExactDecimal, UTCDateTime
from batchbook.grid import Choice, Column, Conventions, Grid, Kind, Sort, columns_of


class ArticleBase(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime()}


class Article(ArticleBase):
    __tablename__ = "article"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), info={"description": "As printed on the label."})
    name: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    price: Mapped[Decimal | None] = mapped_column(
        ExactDecimal(8, 2), info={"minimum": Decimal(0), "editable": True}
    )
    stock: Mapped[int | None]
    tiny: Mapped[int | None] = mapped_column(SmallInteger)
    huge: Mapped[int | None] = mapped_column(BigInteger)
    active: Mapped[bool | None]
    listed: Mapped[date | None]
    seen_at: Mapped[datetime | None]
    state: Mapped[str | None] = mapped_column(
        String(10), info={"choices": [Choice("new", "Brand new", "success", "+"), ("old", "Old")]}
    )
    owner: Mapped[str | None] = mapped_column(String(20), info={"kind": Kind.USER, "label": "Kept by"})


class Paper(ArticleBase):
    __tablename__ = "paper"
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_on": "type", "polymorphic_identity": "paper"}

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(20))


class Invoice(Paper):
    __tablename__ = "invoice"
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "invoice"}

    id: Mapped[int] = mapped_column(ForeignKey("paper.id"), primary_key=True)
    amount: Mapped[Decimal] = mapped_column(ExactDecimal(8, 2))


NAMES = ("code", "name", "price", "stock", "active", "listed", "seen_at", "state", "owner")


def article_grid(*default_sort: Sort) -> Grid:
    """Return a grid over all columns but the odd ones."""
    return Grid(columns_of(Article, NAMES), select(Article), [Article.id], default_sort)


PLAIN = Conventions()
GERMAN = Conventions(decimal_sign=",", group_sign=".", date_order="dmy", zone=ZoneInfo("Europe/Berlin"))
AMERICAN = Conventions(date_order="mdy")


def column(kind: Kind, **rules: Any) -> Column:
    return Column("price", "Price", null(), kind, **rules)


MONEY = column(Kind.DECIMAL, scale=2, minimum=Decimal(0), limits=(Decimal("-9999.99"), Decimal("9999.99")))
WHOLE = column(Kind.INTEGER, limits=(-(2**31), 2**31 - 1))
STATE = column(Kind.CHOICE, choices=(Choice("new", "Brand new"), Choice("old", "Old"), Choice(3, "new")))
