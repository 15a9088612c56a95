"""The endpoints that store one cell, and a block of cells; they answer JSON for the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pyramid.renderers import render
from pyramid.response import Response
from sqlalchemy import true

from batchbook.batches.concurrency import read_seen_texts, read_version
from batchbook.batches.editing import CellProblems, RowEditor, StaleEdit
from batchbook.batches.editing.cell_blocks import BlockKind, BlockResult, CellBlock, store_block
from batchbook.batches.engine.refresh import problem_rows
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import CONFLICT, UNPROCESSABLE
from batchbook.batches.pages.rows.row import ROW_PATTERN, OneRow
from batchbook.batches.pages.rows.row_grid import GridPage, RowGrid, usable
from batchbook.batches.pages.view_models import breakdown
from batchbook.errors import TooLarge
from batchbook.grid import GridState
from batchbook.master.window_pages import rows_html_apart
from batchbook.web.json_bodies import JsonBody, are_texts, json_answer

#: The most cells of one block: they are stored within seconds. More are changed by filters, as a job.
MOST_CELLS = 250_000
_NOT_UNDERSTOOD = (
    "The block of cells that was sent can't be read, so nothing was changed. Reload the page, and try again."
)


class EditCell(OneRow):
    """The endpoint that saves one cell of the grid; it answers JSON for ``static/js/grid/edit-request.js``."""

    name = "cell"
    pattern = f"{ROW_PATTERN}/cell"

    def post(self) -> Response:
        """Store one field and return the new HTML of row and counts; or return the problem, or both values of a conflict."""
        params = self.request.POST
        field, text = params.get("field", ""), params.get("value", "")
        try:
            edited = RowEditor(self.engine, self.request.conventions).edit(
                self.batch.id, self.sequence, {field: text}, read_version(params), read_seen_texts(params)
            )
        except StaleEdit as error:
            body = {"error": error.message, "version": error.version}
            both = {"mine": error.mine[field], "theirs": error.theirs[field]}
            return json_answer({**body, **both, **self._html()}, CONFLICT)
        except CellProblems as error:
            return json_answer({"error": error.message}, UNPROCESSABLE)
        changed = bool(edited.labels)
        message = f"Row {self.sequence}: {edited.labels[0]} saved." if changed else "Nothing was changed."
        return json_answer({"message": message, "changed": changed, **self._html(edited.peers)})

    def _html(self, before: Mapping[int, int] = MappingProxyType({})) -> dict[str, Any]:
        """Return the markup of the row, of the counts, and of the peers that were refreshed as well.

        ``before`` has the earlier versions of these by number.
        """
        rows = RowGrid(self, [self.sequence, *before])
        found = rows.grid.grid.rows_where(self.request.db, true())
        shown = {
            row.sequence: {"version": row.version, "row_html": html}
            for row, html in zip(found, rows_html_apart(rows.grid, found), strict=True)
        }
        # The address carries the page's query, so that the counts mark the filter that the page shows.
        counts = breakdown(self.view, self.batch, rows.grid)
        context = {"grid": rows.grid, "breakdown": counts, "view": self.view, "batch": self.batch}
        context |= {"problem_rows": problem_rows(self.action_context)}
        return {
            **shown[self.sequence],
            "peers": [{"before": before[one], **shown[one]} for one in sorted(shown) if one in before],
            "counts_html": self._render("counts", context),
            "problems_html": self._render("problem_count", context),
        }

    def _render(self, part: str, context: Mapping[str, Any]) -> str:
        html: str = render(f"batchbook.templates:batches/parts/{part}.jinja2", context, self.request)
        return html


class EditCells(GridPage):
    """The endpoint that stores a block of texts in rows given by number or by their place in a view, for ``static/js/grid/blocks.js``.

    The body is JSON, or a form whose field ``block`` is JSON: ``rows`` is ``{"keys": [number, …]}`` or ``{"query", "token",
    "first", "count"}``; ``columns`` are fields and ``texts`` lines of texts, which repeat; ``seen`` (optional) has the known
    texts by row and field; ``kind`` is a :class:`BlockKind`; ``add`` is a number of rows beyond the last one.
    Numbers in texts are written as the person writes them.
    """

    name = "cells"
    pattern = "/cells"
    permission = Action.EDIT.value

    def post(self) -> Response:
        """Store the block as one operation; answer with the cells that were changed, refused, or in conflict with somebody else's change."""
        body = JsonBody.of(self.request, _NOT_UNDERSTOOD, "block")
        sequences, block = self._sequences(body.part("rows")), _block_in(body)
        add = body.number("add", HIGHEST_NUMBER)
        cells = (len(sequences) + add) * len(block.columns)
        if cells > MOST_CELLS:
            raise TooLarge(
                f"A block may have {MOST_CELLS:,} cells, and this one has {cells:,}. Nothing was changed. Use"
                " “Change a column” for so many rows."
            )
        edits = block.edits(sequences, _seen_in(body), add, self.request.conventions)
        return self._answer(store_block(self.engine, self.batch.id, edits, _kind_in(body)))

    def _sequences(self, rows: JsonBody) -> Sequence[int]:
        numbers = rows.numbers("keys", HIGHEST_NUMBER)
        if numbers is not None:
            return numbers
        state = GridState.from_query(rows.text("query"), self.rows.grid.columns)
        first = rows.number("first", HIGHEST_NUMBER)
        count = min(rows.number("count", HIGHEST_NUMBER), MOST_CELLS + 1)
        return self.rows.grid.windows.keys_at(usable(state), first, count, rows.text("token"))

    def _answer(self, result: BlockResult) -> Response:
        review, edited = result.review, result.edited
        body = {
            "operation": edited.operation,
            "message": result.message,
            "rows": edited.rows,
            "cells": edited.cells,
            "refused": review.refused,
            "refusals": [
                {"key": found.sequence, "field": found.field, "error": found.error}
                for found in review.refusals
            ],
            "conflicts": [
                {
                    "key": found.sequence,
                    "field": found.field,
                    "mine": found.mine,
                    "theirs": found.theirs,
                    "before": found.before,
                }
                for found in review.conflicts
            ],
            "version": str(last_operation(self.request.db, self.batch.id)),
        }
        return json_answer(body)


def _block_in(body: JsonBody) -> CellBlock:
    """Return the texts of ``body``, which are one at least, and their columns."""
    columns, texts = body.names("columns"), body.values("texts")
    return CellBlock(columns, texts) if texts and all(map(are_texts, texts)) else body.refuse()


def _seen_in(body: JsonBody) -> dict[int, dict[str, str]]:
    """Return the texts by row and field on which the edit is based; they may be missing."""
    seen = body.parts.get("seen") or {}
    if not isinstance(seen, dict) or not all(key.isdecimal() and len(key) < 11 for key in seen):
        body.refuse()
    if not all(isinstance(texts, dict) and are_texts([*texts.values()] or [""]) for texts in seen.values()):
        body.refuse()
    return {int(key): texts for key, texts in seen.items()}


def _kind_in(body: JsonBody) -> BlockKind:
    """Return the kind of the edit, by default that of a single one."""
    kind = body.text("kind") or BlockKind.EDIT.value
    return BlockKind(kind) if kind in list(BlockKind) else body.refuse()
