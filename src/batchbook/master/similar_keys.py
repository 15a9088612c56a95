"""Keys that differ from another record's in case, blanks, width or Unicode form only: who types one is told, and chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Enum, String, inspect, not_, or_, select
from sqlalchemy.orm import Session

from batchbook.db import folded_key, key_form
from batchbook.master.records import Claim, Invalid, claims_of, is_own
from batchbook.words import written_like

#: The field of the form with which people say that their key is another one: the key itself, so that it holds for no other.
FIELD = "similar_key"
#: The number of similar records that are named.
_NAMED = 5


@dataclass(frozen=True)
class SimilarKey:
    """A key that a record wants, and the other records whose keys are written like it.

    ``text`` is the key, ``field`` the name of the field that it is typed into, and ``records`` the others with their keys.
    """

    text: str
    field: str
    records: tuple[tuple[str, Any], ...]

    @property
    def sentence(self) -> str:
        """The sentence for the field."""
        like = written_like(self.text, [text for text, _ in self.records])
        return f"{like}. Use the one that exists already, or tick the box below to have both."


class Similar(Invalid):
    """A record cannot be saved before somebody has chosen: its key ``found`` is written like another one's."""

    def __init__(self, found: SimilarKey) -> None:
        super().__init__({found.field: found.sentence})
        self.found = found


def refuse_similar(db: Session, record: Any, sent: Mapping[str, Any]) -> None:
    """Raise :class:`Similar` where ``record``, filled in but not stored, has a new key that is written like another one's.

    ``sent`` are the fields of the form, in which people may have said that they want both. A key that is another record's
    to the letter is left to the database.
    """
    for claim in claims_of(record):
        texts = [place for place, column in enumerate(claim.columns) if _is_text(column)]
        if texts and _is_new(record, claim):
            found = _similar(db, record, claim, texts)
            if found is not None and sent.get(FIELD) != found.text:
                raise Similar(found)


def _is_text(column: Any) -> bool:
    return isinstance(column.type, String) and not isinstance(column.type, Enum)


def _is_new(record: Any, claim: Claim) -> bool:
    state = inspect(record)
    return not state.persistent or any(state.attrs[name].history.has_changes() for name in claim.fields)


def _similar(db: Session, record: Any, claim: Claim, texts: list[int]) -> SimilarKey | None:
    model = type(record)
    attributes = [getattr(model, name) for name in claim.fields]
    where = [
        folded_key(attribute) == key_form(value) if place in texts else attribute == value
        for place, (attribute, value) in enumerate(zip(attributes, claim.values, strict=True))
    ]
    differs = or_(*(attributes[place] != claim.values[place] for place in texts))
    own = is_own(record)
    others = select(model).where(*where, differs, *([] if own is None else [not_(own)]))
    found = db.scalars(others.order_by(*attributes).limit(_NAMED)).all()
    if not found:
        return None
    named = tuple((_text_of(getattr(other, name) for name in claim.fields), other) for other in found)
    return SimilarKey(_text_of(claim.values), claim.fields[texts[0]], named)


def _text_of(values: Any) -> str:
    return " · ".join(map(str, values))
