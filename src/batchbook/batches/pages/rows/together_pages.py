"""Endpoints by which people see each other in one batch: what changed since their page looked, and who is editing which cell."""

from __future__ import annotations

from typing import Any

from pyramid.renderers import render
from pyramid.response import Response
from sqlalchemy import Engine

from batchbook.batches.engine.changes_since import MOST, changes_since
from batchbook.batches.engine.refresh import problem_rows
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action, State
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.rows.quick_filters import quick_filters
from batchbook.batches.pages.rows.row_grid import GridPage, RowGrid
from batchbook.batches.pages.view_models import breakdown
from batchbook.errors import BadInput
from batchbook.grid import GridState
from batchbook.master.window_pages import rows_html
from batchbook.security.presence import being_edited, note_editing, note_left
from batchbook.web.json_bodies import json_answer

_LONGEST_NAME = 60


class ChangesSince(GridPage):
    """The changes of the batch since ``since``, the ``version`` of an earlier answer; JSON for ``js/grid/follow-changes.js``.

    ``version``    the number of the batch's last operation, to be sent as ``since`` next time
    ``keys``       the numbers of the rows that changed; null where all may have, or more than 500
    ``versions``   the versions of these rows, in the same order
    ``total``      the number of all rows
    ``state``      the batch's state, in words
    ``editing``    [{key, field, user}]: the cells that others are editing now
    ``counts_html``, ``problems_html``, ``quick_html``   the counts by status, the number of problems and the quick filters, if anything
                   changed; the address carries the page's query, so that they mark the filter that the page shows
    """

    name = "changes_since"
    pattern = "/rows/changed"

    def get(self) -> Response:
        """Answer with the changes; without ``since``, only with the version of now."""
        text = self.request.GET.get("since")
        answer = self._nothing() if text is None else self._changed(_number(text))
        return json_answer(answer | self._present())

    def _nothing(self) -> dict[str, Any]:
        return {"version": str(last_operation(self.request.db, self.batch.id)), "keys": [], "versions": []}

    def _changed(self, seen: int) -> dict[str, Any]:
        found = changes_since(self.action_context, seen)
        keys = None if found.rows is None else sorted(found.rows)
        versions = [found.rows[key] for key in keys] if found.rows and keys else []
        answer: dict[str, Any] = {"version": str(found.last), "keys": keys, "versions": versions}
        return answer if found.last == seen else answer | self._counts(found.last)

    def _present(self) -> dict[str, Any]:
        others = being_edited(self.request.db, self.batch.presence_place, self.request.identity.name)
        return {
            "total": self.batch.row_count,
            "state": State(self.batch.state).label.lower(),
            "editing": [
                {"key": one.key, "field": one.field, "user": one.user}
                for one in others
                if self.action_context.access.sees(one.field)
            ],
        }

    def _counts(self, latest: int) -> dict[str, str]:
        grid, problems = self.rows.grid, problem_rows(self.action_context)
        context = {"view": self.view, "batch": self.batch, "grid": grid, "problem_rows": problems}
        context |= {
            "breakdown": breakdown(self.view, self.batch, grid),
            "quick": quick_filters(self, grid, latest, problems, 0),
        }
        parts = {"counts_html": "counts", "problems_html": "problem_count", "quick_html": "quick_filters"}
        return {
            key: render(f"batchbook.templates:batches/parts/{part}.jinja2", context, self.request)
            for key, part in parts.items()
        }


class TheseRows(BatchPage):
    """Rows by their numbers, ``key``, up to 500, as the page shows them: JSON with ``html``. Those that do not exist are left out."""

    name = "rows_these"
    pattern = "/rows/these"
    permission = Action.VIEW.value

    def get(self) -> Response:
        """Answer with the rows."""
        numbers = [_number(text) for text in self.request.GET.getall("key")[:MOST]]
        grid = RowGrid(self, numbers).grid
        rows = grid.grid.all_rows(self.request.db, GridState(), None) if numbers else ()
        return json_answer({"html": rows_html(grid, [(None, row) for row in rows])})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST_NUMBER))):
        raise BadInput("The page does not say which changes it has seen, or which rows it shows. Reload it.")
    return int(text)


class NotePresence(BatchPage):
    """The endpoint to which a page tells the cell that its reader is editing, by ``key`` and ``field``; without them, none.

    A page tells it again while the cell stays open, because what it told expires.
    """

    name = "presence"
    pattern = "/presence"
    permission = Action.EDIT.value
    reads_only = True

    def post(self) -> Response:
        """Note the cell until the page tells of another one, or for the seconds after which it expires."""
        params, engine = self.request.POST, self.request.services.get(Engine)
        place, user = self.batch.presence_place, self.request.identity.name
        key, field = params.get("key", ""), params.get("field", "")
        if not key:
            note_left(engine, place, user)
        elif not (
            key.isascii() and key.isdigit() and len(key) <= _LONGEST_NAME and 0 < len(field) <= _LONGEST_NAME
        ):
            raise BadInput("This is no cell of the batch, so nobody was told that you edit it.")
        else:
            note_editing(engine, place, user, key, field)
        return Response(status=204)
