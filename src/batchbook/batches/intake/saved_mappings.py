"""Saved mappings: those with a name, and for each sender the last one that was used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, String, and_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from batchbook.batches.intake.field_mapping import IntakeMapping, merge_texts
from batchbook.batches.intake.file_inspection import storable_json
from batchbook.batches.intake.suggestions import RememberedMapping
from batchbook.db import USER_NAME, Base
from batchbook.db.functions import insert_into
from batchbook.errors import BadInput, Missing
from batchbook.tables.report import Reading

_IS_NAMED, _IS_LAST = text("name <> ''"), text("name = ''")


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
            sqlite_where=_IS_NAMED,
            postgresql_where=_IS_NAMED,
        ),
        Index(
            "uq_intake_mapping_last",
            *("type", "scope", "sender"),
            unique=True,
            sqlite_where=_IS_LAST,
            postgresql_where=_IS_LAST,
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
    saved_by: Mapped[str] = mapped_column(String(64), info=USER_NAME)
    used_at: Mapped[datetime | None]


#: Characters that the name of a mapping, a sender, a scope may have.
LONGEST_NAME, _LONGEST_SENDER = 80, 100

_LAST = ""


@dataclass(frozen=True)
class MappingScope:
    """The scope in which mappings are remembered: a type, its ``scope`` and the sender of the file, which may be empty."""

    type: str
    scope: str = ""
    sender: str = ""

    @property
    def here(self) -> ColumnElement[bool]:
        """The condition for the mappings of the type and scope, whoever the sender is."""
        return and_(SavedMapping.type == self.type, SavedMapping.scope == self.scope)

    @property
    def known_sender(self) -> str:
        """The sender, as long as it is stored."""
        return self.sender[:_LONGEST_SENDER]


def last_mapping(session: Session, scope: MappingScope) -> RememberedMapping | None:
    """Return the mapping that was used last for the sender of ``scope``; one without a sender is not sure."""
    found = session.scalar(
        select(SavedMapping).where(
            scope.here, SavedMapping.sender == scope.known_sender, SavedMapping.name == _LAST
        )
    )
    if found is None:
        return None
    label = f"last time for {scope.sender}" if scope.sender else "last time"
    return _remembered(found, label, sure=bool(scope.sender))


def mapping_names(session: Session, scope: MappingScope) -> Sequence[str]:
    """Return the names of the mappings that are saved for the type and scope of ``scope``."""
    statement = select(SavedMapping.name).where(scope.here, SavedMapping.name != _LAST)
    return session.scalars(statement.order_by(SavedMapping.name)).all()


def find_mapping(session: Session, scope: MappingScope, name: str) -> RememberedMapping:
    """Return the mapping saved as ``name``, with the replacements that were learned for the sender of ``scope``.

    Raises ``Missing`` if there is none, with the names of the saved ones.
    """
    found = session.scalar(select(SavedMapping).where(scope.here, SavedMapping.name == name.strip()))
    if found is None or not name.strip():
        known = ", ".join(f"“{one}”" for one in mapping_names(session, scope)) or "none"
        raise Missing(f"There is no saved mapping “{name[:LONGEST_NAME]}” here. Saved ones: {known}.")
    saved, last = _remembered(found, f"saved in “{found.name}”"), last_mapping(session, scope)
    if last is None or not last.sure:
        return saved
    values = merge_texts(last.mapping.values, saved.mapping.values)
    return replace(saved, mapping=replace(saved.mapping, values=values))


def refuse_foreign_name(session: Session, scope: MappingScope, name: str, by: str) -> None:
    """Raise ``BadInput`` if a person other than ``by`` saved a mapping as ``name``."""
    statement = select(SavedMapping.saved_by).where(scope.here, SavedMapping.name == name)
    owner = session.scalar(statement)
    if owner not in (None, by):
        raise BadInput(
            f"{owner} has already saved a mapping as “{name}”, and it was left as it is. Save yours under another name, or"
            " use that one first and then save your changes."
        )


def save_mapping(
    session: Session,
    scope: MappingScope,
    mapping: IntakeMapping,
    reading: Reading,
    *,
    by: str,
    at: datetime,
    name: str = _LAST,
) -> None:
    """Save ``mapping`` with the chosen ``reading`` of the file: under ``name``, or as the sender's last one."""
    # One statement, so that two people who save one at the same moment cannot collide.
    values = {
        "mapping": storable_json(mapping.to_json()),
        "reading": reading.to_json(),
        "saved_at": at,
        "saved_by": by,
    }
    values |= {"sender": scope.known_sender, "used_at": at}
    statement = insert_into(session.get_bind(), SavedMapping).values(
        type=scope.type, scope=scope.scope, name=name, **values
    )
    key = [SavedMapping.type, SavedMapping.scope, SavedMapping.name if name else SavedMapping.sender]
    where = SavedMapping.name != _LAST if name else SavedMapping.name == _LAST
    session.execute(statement.on_conflict_do_update(index_elements=key, index_where=where, set_=values))


def _remembered(found: SavedMapping, label: str, *, sure: bool = True) -> RememberedMapping:
    reading = Reading.from_json(found.reading)
    return RememberedMapping(IntakeMapping.from_json(found.mapping), label, sure, reading)
