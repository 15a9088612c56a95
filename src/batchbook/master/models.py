"""Models of the master views: remembered grid settings, saved views, and direct edits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from batchbook.db import USER_NAME, Base, utc_now
from batchbook.security.models import Role


class GridSetting(Base):
    """The last choice of one user for one grid: filters, sort and page size, or under a name of its own the layout of its columns."""

    __tablename__ = "grid_setting"

    # The name, not the id, of the user: this package is below the accounts and does not know their tables.
    user_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    grid: Mapped[str] = mapped_column(String(100), primary_key=True)
    settings: Mapped[dict[str, Any]]


class SavedView(Base):
    """A state of the list called ``grid`` under a name, without its page, and the columns that it shows.

    Its owner has it, whoever has the role that it is shared with, and everybody if it is the default, which applies where
    a person has chosen nothing. A role that is deleted leaves its views to their owners.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("grid", "saved_by", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    grid: Mapped[str] = mapped_column(String(100))
    saved_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    name: Mapped[str] = mapped_column(String(80))
    role_id: Mapped[int | None] = mapped_column(ForeignKey("role.id", ondelete="SET NULL"), index=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    role: Mapped[Role | None] = relationship(lazy="joined")

    @property
    def columns(self) -> list[Any] | None:
        """The columns, as :class:`~batchbook.grid.GridLayout` reads them; ``None`` for a view that keeps none."""
        found = self.settings.get("columns") if isinstance(self.settings, dict) else None
        return found if isinstance(found, list) else None

    @property
    def is_shared(self) -> bool:
        """Whether others than the owner have it."""
        return self.is_default or self.role_id is not None


class DirectEdit(Base):
    """A value that a person set directly although it otherwise changes by batch only, with the reason.

    The record is identified by its table and key; ``record_label`` is its name at that time. There is no foreign
    key: the entry outlives the record. Entries are append-only. ``old_value`` is None where the record was new.
    """

    __tablename__ = "direct_edit"
    __table_args__ = (Index(None, "record_type", "record_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_type: Mapped[str] = mapped_column(String(63))
    record_key: Mapped[str] = mapped_column(String(100))
    record_label: Mapped[str] = mapped_column(String(300))
    field: Mapped[str] = mapped_column(String(63))
    label: Mapped[str] = mapped_column(String(100))
    old_value: Mapped[str | None] = mapped_column(Text)
    new_value: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(500))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_by: Mapped[str] = mapped_column(String(80), info=USER_NAME)
    # Always null, since no batch made the change; ``append_only`` needs the column.
    batch_id: Mapped[int | None]
