"""Saved mappings: those with a name, and for each sender the last one that was used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from batchbook.batches.intake.field_mapping import IntakeMapping, merge_texts
from batchbook.batches.intake.file_inspection import storable_json
from batchbook.batches.intake.models import SavedMapping
from batchbook.batches.intake.suggestions import RememberedMapping
from batchbook.db.functions import insert_into
from batchbook.errors import BadInput, Missing
from batchbook.tables.report import Reading

#: Characters that the name of a mapping, a sender, a scope may have.
LONGEST_NAME, _LONGEST_SENDER = 80, 100

_LAST = ""


@dataclass(frozen=True)
class MappingScope:
    """For what mappings are remembered: a batch's type, its scope, and who sent the file; either may be empty."""

    type: str
    scope: str = ""
    sender: str = ""

    @property
    def here(self) -> ColumnElement[bool]:
        """The condition for the mappings of the type and scope, whoever sent the file."""
        return and_(SavedMapping.type == self.type, SavedMapping.scope == self.scope)

    @property
    def known_sender(self) -> str:
        """The sender as far as it is kept."""
        return self.sender[:_LONGEST_SENDER]


def last_mapping(session: Session, place: MappingScope) -> RememberedMapping | None:
    """Return the mapping that was used last for the sender of ``place``; it is not sure where that is nobody."""
    found = session.scalar(
        select(SavedMapping).where(
            place.here, SavedMapping.sender == place.known_sender, SavedMapping.name == _LAST
        )
    )
    if found is None:
        return None
    label = f"last time for {place.sender}" if place.sender else "last time"
    return _remembered(found, label, sure=bool(place.sender))


def mapping_names(session: Session, place: MappingScope) -> Sequence[str]:
    """Return the names of the mappings that are saved for the type and scope of ``place``."""
    wanted = select(SavedMapping.name).where(place.here, SavedMapping.name != _LAST)
    return session.scalars(wanted.order_by(SavedMapping.name)).all()


def find_mapping(session: Session, place: MappingScope, name: str) -> RememberedMapping:
    """Return the mapping saved as ``name``, with what texts of the sender of ``place`` were learned to mean.

    Raises ``Missing`` if there is none, with the names that there are.
    """
    found = session.scalar(select(SavedMapping).where(place.here, SavedMapping.name == name.strip()))
    if found is None or not name.strip():
        known = ", ".join(f"“{one}”" for one in mapping_names(session, place)) or "none"
        raise Missing(f"There is no saved mapping “{name[:LONGEST_NAME]}” here. Saved ones: {known}.")
    saved, last = _remembered(found, f"saved in “{found.name}”"), last_mapping(session, place)
    if last is None or not last.sure:
        return saved
    values = merge_texts(last.mapping.values, saved.mapping.values)
    return replace(saved, mapping=replace(saved.mapping, values=values))


def refuse_foreign_name(session: Session, place: MappingScope, name: str, by: str) -> None:
    """Raise ``BadInput`` if somebody else than ``by`` saved a mapping as ``name``."""
    wanted = select(SavedMapping.saved_by).where(place.here, SavedMapping.name == name)
    owner = session.scalar(wanted)
    if owner not in (None, by):
        raise BadInput(
            f"{owner} saved a mapping as “{name}” already, and it was left as it is. Save yours under another name; or"
            " use that one first, then save what you change."
        )


def save_mapping(
    session: Session,
    place: MappingScope,
    mapping: IntakeMapping,
    reading: Reading,
    *,
    by: str,
    at: datetime,
    name: str = _LAST,
) -> None:
    """Keep ``mapping``, with what was said of how to read the file: under ``name``, or as the sender's last one."""
    # One statement, so that two who keep one at the same moment cannot collide.
    said = {
        "mapping": storable_json(mapping.to_json()),
        "reading": reading.to_json(),
        "saved_at": at,
        "saved_by": by,
    }
    said |= {"sender": place.known_sender, "used_at": at}
    statement = insert_into(session.get_bind(), SavedMapping).values(
        type=place.type, scope=place.scope, name=name, **said
    )
    key = [SavedMapping.type, SavedMapping.scope, SavedMapping.name if name else SavedMapping.sender]
    where = SavedMapping.name != _LAST if name else SavedMapping.name == _LAST
    session.execute(statement.on_conflict_do_update(index_elements=key, index_where=where, set_=said))


def _remembered(found: SavedMapping, label: str, *, sure: bool = True) -> RememberedMapping:
    reading = Reading.from_json(found.reading)
    return RememberedMapping(IntakeMapping.from_json(found.mapping), label, sure, reading)
