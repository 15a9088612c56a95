"""The page of rows whose keys are in no record, with likely records; matches taken and taken back; batches of new records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches import access
from batchbook.batches.concurrency import read_token
from batchbook.batches.lifecycle import Action
from batchbook.batches.matching.declaration import Matching
from batchbook.batches.matching.matcher import Matcher, is_as_matched
from batchbook.batches.matching.memory import may_change_memory
from batchbook.batches.matching.new_records import make_batch_of_new_records, new_records_of
from batchbook.batches.matching.unknown_keys import (
    UnmatchedKey,
    count_unmatched,
    matching_of,
    seen_matching,
    unmatched_keys,
)
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch.header_forms import populate_if_plain, show_new_batch
from batchbook.batches.pages.batch_page import BatchPage, may_see
from batchbook.errors import BadInput, Missing, Refused
from batchbook.web.flash import flash

#: The number of keys on a page.
PAGE_SIZE = 50


@dataclass(frozen=True)
class RowMatch:
    """The match of one row: ``line`` if its key is in no record, ``listed`` where a match replaced the code of the list.

    ``returns`` tells whether it can be taken back: the row still has the key that the match gave it.
    """

    matching: Matching
    line: UnmatchedKey | None
    listed: str | None
    returns: bool = False


class MatchesPage(BatchPage):
    """The keys of a batch that are in no record, each with likely records to choose from."""

    name = "matches"
    pattern = "/matches"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/matches.jinja2"
    button = "{title} ({count})"

    @classmethod
    def label(cls, view: Any, record: Any) -> str:
        """Return what such rows are called, and their number."""
        matching = view.engine.context_of(record).handler.matching
        return cls.button.format(title=matching.title, count=f"{record.count_of(matching.unknown):,}")

    @classmethod
    def offered(cls, view: Any, record: Any) -> bool:
        """Offer it where rows have keys that are in no record, until the batch is executed."""
        matching = _matching_for(view, record)
        return not record.is_final and matching is not None and record.count_of(matching.unknown) > 0

    def get(self) -> dict[str, Any]:
        """Show a page of keys, in the order of their first rows. The number of statements does not depend on theirs."""
        context, query = self.action_context, self.request.GET.get("page", "")
        if seen_matching(context) is None:
            return self.template_values(matching=None, keys=0, made=None)
        matching, keys = matching_of(context), count_unmatched(context)
        number = int(query) if query.isascii() and query.isdigit() and len(query) < 6 else 1
        last = max(1, -(-keys // PAGE_SIZE))
        number = min(max(1, number), last)
        made = new_records_of(self.request.db, self.batch)
        return self.template_values(
            matching=matching,
            lines=unmatched_keys(
                context, PAGE_SIZE, (number - 1) * PAGE_SIZE, proposing=_may_see_records(self, matching)
            ),
            keys=keys,
            page=number,
            last=last,
            editing=self.view.may(Action.EDIT, self.batch),
            made=made if made is not None and may_see(self, made) else None,
            makes=_may_make(self, matching) and (made is None or made.is_final),
            owner=matching.memory.name_of(self.batch) if matching.memory else None,
            remembers=may_change_memory(context, matching),
        )


def row_match(page: BatchPage, row: Any) -> RowMatch | None:
    """Return the match of ``row`` for its page; ``None`` where there is nothing to match or to take back."""
    matching = seen_matching(page.action_context)
    if matching is None or row.removed:
        return None
    key = getattr(row, matching.key)
    if row.status == matching.unknown:
        lines = unmatched_keys(page.action_context, 1, key=key, proposing=_may_see_records(page, matching))
        return RowMatch(matching, lines[0] if lines else None, None)
    listed = row.listed_key if row.listed_key != key else None
    if not listed:
        return None
    context = page.action_context
    this = context.row.sequence == row.sequence
    return RowMatch(matching, None, listed, context.rows().narrowed(this, is_as_matched(context)).count() > 0)


def _matching_for(view: Any, batch: Batch) -> Any:
    """Return the matching of ``batch``; only of a type that declares one, or whose handlers set it when they are made."""
    return seen_matching(view.engine.context_of(batch))


def _may_see_records(page: BatchPage, matching: Matching) -> bool:
    may: bool = page.request.identity.may(matching.records.permission)
    return may


def _may_make(page: BatchPage, matching: Matching) -> bool:
    """Return whether the person may make a batch of new records."""
    declared = matching.new_records
    permitted = declared and access.may_create(page.request.identity.permissions, declared.batch_type)
    return bool(permitted) and page.view.may(Action.EDIT, page.batch)


class _ChangesMatches(BatchPage):
    """A button about a match, which leads back to the page that it was on."""

    permission = Action.EDIT.value

    def text(self, name: str) -> str:
        """Return a text of the form; raise ``BadInput`` if it was not sent."""
        found: str | None = self.request.POST.get(name)
        if not found:
            raise BadInput("The form doesn't say what to match, so nothing was changed.")
        return found

    def number(self, name: str) -> int | None:
        """Return a number of the form; ``None`` if none was sent."""
        sent = self.request.POST.get(name, "")
        return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else None

    def back(self) -> HTTPSeeOther:
        """Return to the row's page, or to the page of keys."""
        row, page = self.number("row"), self.number("page")
        if row is not None:
            return HTTPSeeOther(self.view.url("row", self.batch, sequence=row))
        query = {} if page is None else {"_query": {"page": page}}
        return HTTPSeeOther(self.view.url(MatchesPage.name, self.batch, **query))


class TakeMatch(_ChangesMatches):
    """Match all rows with a key, or one of them, with the record that a person chose, and remember that."""

    name = "take_match"
    pattern = "/matches/take"

    def post(self) -> HTTPSeeOther:
        """Match the rows, and show the page again."""
        matcher, record = Matcher(self.engine), self.text("record").strip()
        seen = read_token(
            self.request.POST,
            "The form doesn't say which rows you saw, so nothing was matched. Reload the page.",
        )
        try:
            result = matcher.match(self.batch.id, self.text("key"), record, self.number("only"), seen)
        except Missing as error:  # A record that was typed, and is not there.
            flash(self.request, error.message, "error")
        else:
            flash(self.request, result.message)
        return self.back()


class UndoMatch(_ChangesMatches):
    """Give the rows that were matched from one code of the list that code back."""

    name = "undo_match"
    pattern = "/matches/undo"

    def post(self) -> HTTPSeeOther:
        """Take the match back, and show the row again."""
        flash(self.request, Matcher(self.engine).undo(self.batch.id, self.text("listed")).message)
        return self.back()


class MakeNewRecords(BatchPage):
    """Make a batch of new records of the rows whose keys are in no record."""

    name = "make_new_records"
    pattern = "/matches/new-records"
    permission = Action.EDIT.value

    def post(self) -> HTTPSeeOther:
        """Make the batch and show it, or the check of its file."""
        matching = matching_of(self.action_context)
        if not _may_make(self, matching):
            raise Refused("Your role does not allow making a batch of new records. Nothing was made.")
        made = make_batch_of_new_records(self.engine, self.batch.id)
        return show_new_batch(self.request, made, populate_if_plain(self.request, self.engine, made))
