"""A form over columns of every kind, and what is sent to it."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from webob.multidict import MultiDict

from batchbook.db import ExactDecimal
from batchbook.forms import BoundForm, Form, form_of
from batchbook.grid import Choice


class Own(DeclarativeBase):
    pass


class Article(Own):
    __tablename__ = "article"

    code: Mapped[str] = mapped_column(String(8), primary_key=True, info={"description": "As on the label."})
    price: Mapped[Decimal | None] = mapped_column(ExactDecimal(8, 2), info={"minimum": Decimal(0)})
    listed: Mapped[date | None]
    active: Mapped[bool]
    checked: Mapped[bool | None]
    state: Mapped[str | None] = mapped_column(info={"choices": [("new", "Brand new"), ("old", "Old")]})
    notes: Mapped[str | None] = mapped_column(Text)
    secret: Mapped[str | None]


ARTICLE = form_of(Article, ["code", "price", "listed", "active", "checked", "state", "notes"])


STATES = (Choice("new", "Brand new"), Choice("old", "Old"), Choice(3, "Third"))


def sent(form: Form, *pairs: tuple[str, Any]) -> BoundForm:
    return form.validate(MultiDict(pairs))


def upload(name: str) -> SimpleNamespace:
    return SimpleNamespace(filename=name, file=io.BytesIO(b"x"))
