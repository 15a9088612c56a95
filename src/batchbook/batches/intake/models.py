"""The model of saved mappings: those that people saved under a name, and the last one used for each sender."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.db import Base

_NAMED, _LAST = text("name <> ''"), text("name = ''")


class SavedMapping(Base):
    """A mapping for the batches of one type, and within it of one ``scope``, such as the target of an import.

    ``sender`` is the sender of the file. One with a ``name`` was saved by a person; without a name it is the last one
    that was used for that sender. ``mapping`` and ``reading`` are an ``IntakeMapping`` and a ``Reading`` as JSON.
    """

    __tablename__ = "intake_mapping"
    __table_args__ = (
        Index(
            "uq_intake_mapping_named",
            *("type", "scope", "name"),
            unique=True,
            sqlite_where=_NAMED,
            postgresql_where=_NAMED,
        ),
        Index(
            "uq_intake_mapping_last",
            *("type", "scope", "sender"),
            unique=True,
            sqlite_where=_LAST,
            postgresql_where=_LAST,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(60))
    scope: Mapped[str] = mapped_column(String(100), default="")
    sender: Mapped[str] = mapped_column(String(100), default="")
    name: Mapped[str] = mapped_column(String(80), default="")
    mapping: Mapped[dict[str, Any]]
    reading: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
