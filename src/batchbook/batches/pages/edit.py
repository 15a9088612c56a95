"""What the forms share that change what is there, a row or a header."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.editing import CellProblems, Stale
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.base import CONFLICT, BatchPage, seen_version, sent_texts, show_problems
from batchbook.forms import BoundForm, Form
from batchbook.master.conflicts import FieldConflict


class EditPage(BatchPage, ABC):
    """A form that is stored, or shown again: with what is wrong, or with what both people wrote.

    A subclass says which ``form`` it is, how to ``store`` it, how to show it again, and where to go from there.
    """

    permission = Action.EDIT.value

    def post(self) -> Any:
        """Store the form and show what it changed; or show the form again."""
        bound = self.form().validate(self.request.POST)
        version = seen_version(self.request.POST)
        try:
            return self.stored(sent_texts(bound, self.request.POST), version)
        except CellProblems as error:
            show_problems(self.request, bound, error)
            return self.shown(bound, version)
        except Stale as error:
            self.request.response.status_int = CONFLICT
            return self.shown(bound, error.version, conflicts(bound, error))

    def stored(self, texts: Mapping[str, str], version: int) -> HTTPSeeOther:
        """Store ``texts``, or have them stored, and lead on; raises as :meth:`store` does."""
        changed = self.store(texts, version)
        said = f"Changed {', '.join(changed)}{self.place}." if changed else "Nothing was changed."
        return self.done(said, self.next_url)

    @property
    def place(self) -> str:
        """Where in the batch something was changed, as the end of a sentence."""
        return ""

    @property
    @abstractmethod
    def next_url(self) -> str:
        """Where people come to when the form is stored."""

    @abstractmethod
    def form(self) -> Form:
        """Return the form, empty."""

    @abstractmethod
    def store(self, texts: Mapping[str, str], version: int) -> list[str]:
        """Store ``texts`` by field over ``version``; return the labels of what changed. Raises as editors do."""

    @abstractmethod
    def shown(
        self, bound: BoundForm, version: int | None, stale: Sequence[FieldConflict] = ()
    ) -> dict[str, Any]:
        """Return what the page shows with ``bound`` in it, which is to carry ``version``."""


def conflicts(bound: BoundForm, stale: Stale) -> list[FieldConflict]:
    """Return the fields of ``bound`` over which ``stale`` is, in their order."""
    return [
        FieldConflict(field.name, field.label, stale.mine[field.name], stale.theirs[field.name])
        for field in bound.fields
        if field.name in stale.mine
    ]
