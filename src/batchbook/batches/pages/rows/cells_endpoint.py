"""The endpoint that stores a block of cells; it answers JSON for the grid."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.response import Response

from batchbook.batches.editing.cell_blocks import BlockKind, BlockResult, CellBlock, store_block
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.rows.row_grid import GridPage, usable
from batchbook.errors import TooLarge
from batchbook.grid import GridState
from batchbook.web.json_bodies import JsonBody, are_texts, json_answer

#: The most cells of one block: they are stored within seconds. More are changed by filters, as a job.
MOST_CELLS = 250_000
_NOT_UNDERSTOOD = (
    "The block of cells that was sent can't be read, so nothing was changed. Reload the page, and try again."
)


class EditCells(GridPage):
    """Stores a block of texts in rows given by number or by their place in a view; see ``static/js/grid``.

    The body is JSON, or a form whose field ``block`` is JSON: ``rows`` is ``{"keys": [number, …]}`` or ``{"query", "token",
    "first", "count"}``; ``columns`` are fields and ``texts`` lines of texts, which repeat; ``seen`` (optional) has the known
    texts by row and field; ``kind`` is a :class:`BlockKind`; ``add`` is a number of rows beyond the last one.
    Numbers in texts are written as the person writes them.
    """

    name = "cells"
    pattern = "/cells"
    permission = Action.EDIT.value

    def post(self) -> Response:
        """Store the block as one operation, and tell what was changed, refused, and changed by somebody else."""
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
    """Return what the person does."""
    kind = body.text("kind") or BlockKind.EDIT.value
    return BlockKind(kind) if kind in list(BlockKind) else body.refuse()
