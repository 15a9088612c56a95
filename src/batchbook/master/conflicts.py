"""Conflicts of edits: the changes of a person merged with those that someone else saved in the meantime."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webob.multidict import MultiDict

from batchbook.errors import BadInput
from batchbook.master.direct_edits import REASON, direct_changes, form_for, values_now
from batchbook.master.view import DirectChange, MasterView


def fill(view: MasterView, record: Any, values: dict[str, Any]) -> list[DirectChange]:
    """Set a form's ``values`` on ``record``, as the view's hooks change them; return the direct edits among them.

    These are found by comparing the record, so that it does not matter which field, or which hook, set a value.
    """
    values = dict(values)
    reason = values.pop(REASON, None)
    before = values_now(record)
    view.hooks.before_save(record, values)
    for name, value in values.items():
        setattr(record, name, value)
    return direct_changes(view, record, before, reason)


def current_texts(view: MasterView, record: Any) -> Seen:
    """Return the content of a form of ``record`` that is opened now."""
    return Seen.of(record, form_for(view, record).bind(view.values_of(record)).texts)


#: The hidden field of a form that carries its content when it was opened.
SEEN = "seen"

#: The prefix of the names of radio buttons on a page of conflicts, before the name of the field; and their values.
CHOOSE = "choose."
MINE, THEIRS = "mine", "theirs"

# More than two such fields do not go into one form.
_LONGEST = 2_000_000

#: The content of a field: a text, or several from check boxes.
Text = str | list[str]


@dataclass(frozen=True)
class Seen:
    """The content of a form when it was opened: the record's ``version``, if its model has one, and its fields' texts."""

    version: int | None
    texts: Mapping[str, Text]

    @classmethod
    def of(cls, record: Any, texts: Mapping[str, Any]) -> Seen:
        """Return the content of a form of ``record`` with ``texts``."""
        return cls(getattr(record, "version", None), {name: comparable(text) for name, text in texts.items()})

    @classmethod
    def read(cls, params: Any) -> Seen:
        """Return the content that a posted form carries; raise ``BadInput`` if that is missing or damaged."""
        try:
            data = _read_json(params[SEEN])
            return cls(data["version"], {str(name): comparable(text) for name, text in data["texts"].items()})
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            message = (
                "The form does not say which version it was made from. Nothing was saved; open it again."
            )
            raise BadInput(message) from error

    def __str__(self) -> str:
        """Return the text for the hidden field."""
        return json.dumps({"version": self.version, "texts": self.texts}, ensure_ascii=False)

    def is_stale(self, now: Seen) -> bool:
        """Return whether the record has changed since; ``now`` is the content of a form of it that is opened now."""
        return self.version != now.version if now.version is not None else self.texts != now.texts


@dataclass(frozen=True)
class FieldConflict:
    """A field that two people changed, each in their own way."""

    name: str
    label: str
    mine: str
    theirs: str

    @property
    def choice_name(self) -> str:
        """The name of the radio buttons that choose between both."""
        return CHOOSE + self.name


@dataclass(frozen=True)
class Merge:
    """``params`` to fill the form with again, the fields to choose in, and the labels of those taken over as saved."""

    params: MultiDict[str, Any]
    conflicts: Sequence[FieldConflict]
    taken_over: Sequence[str]


def merge(labels: Mapping[str, str], seen: Seen, mine: Mapping[str, Any], now: Seen, params: Any) -> Merge:
    """Merge the texts that were posted as ``params``, which are ``mine``, with those that are saved ``now``.

    A field that only the other person changed is taken over; one that both changed differently is a conflict, and
    keeps the posted text until a choice is made. ``labels`` has the label of each field by name.
    """
    merged, conflicts, taken_over = MultiDict(params), [], []
    for name, label in labels.items():
        written, saved, before = comparable(mine.get(name)), now.texts.get(name, ""), seen.texts.get(name)
        if written == saved or saved == before:
            continue
        if written == before:
            _replace(merged, name, saved)
            taken_over.append(label)
        else:
            conflicts.append(FieldConflict(name, label, _joined(written), _joined(saved)))
    return Merge(merged, conflicts, taken_over)


def chosen_values(params: Any, seen: Seen) -> MultiDict[str, Any]:
    """Return the posted ``params`` with "theirs" put where it was chosen; what is theirs is what the page showed."""
    result = MultiDict(params)
    for name, text in seen.texts.items():
        if params.get(CHOOSE + name) == THEIRS:
            _replace(result, name, text)
    return result


def comparable(text: Any) -> Text:
    """Return a field's text as it can be compared: browsers end lines in their own way, and order is no change."""
    if text is None:
        return ""
    if isinstance(text, str):
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return sorted(str(part) for part in text)


def _read_json(text: str) -> Any:
    if len(text) > _LONGEST:
        raise ValueError("too long")
    data = json.loads(text)
    # Its escapes can spell halves of characters, which no page and no database takes.
    json.dumps(data, ensure_ascii=False).encode()
    return data


def _replace(params: MultiDict[str, Any], name: str, text: Text) -> None:
    while name in params:
        del params[name]
    for part in [text] if isinstance(text, str) else text:
        params.add(name, part)


def _joined(text: Text) -> str:
    return text if isinstance(text, str) else ", ".join(text)
