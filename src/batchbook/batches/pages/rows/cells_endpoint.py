"""The endpoint that stores a block of cells; it answers JSON for the grid."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Self, TypeGuard
from urllib.parse import parse_qsl

from pyramid.response import Response

from batchbook.batches.editing.cell_blocks import BlockKind, BlockResult, CellBlock, store_block
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.rows.row_grid import GridPage, usable
from batchbook.errors import BadInput, TooLarge
from batchbook.grid import GridState
from batchbook.master.window_pages import json_answer
from batchbook.web.request import Request

#: The most cells of one block: they are stored within seconds. More are changed by filters, as a job.
MOST_CELLS = 250_000


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
        body = _Body.of(self.request)
        sequences, block, add = self._sequences(body.part("rows")), body.block(), body.number("add")
        cells = (len(sequences) + add) * len(block.columns)
        if cells > MOST_CELLS:
            raise TooLarge(
                f"A block may have {MOST_CELLS:,} cells, and this one has {cells:,}. Nothing was changed. Use"
                " “Change a column” for so many rows."
            )
        edits = block.edits(sequences, body.seen(), add, self.request.conventions)
        return self._answer(store_block(self.engine, self.batch.id, edits, body.kind()))

    def _sequences(self, rows: _Body) -> Sequence[int]:
        numbers = rows.numbers("keys")
        if numbers is not None:
            return numbers
        state = GridState.from_params(
            parse_qsl(rows.text("query"), keep_blank_values=True), self.rows.grid.columns
        )
        first, count = rows.number("first"), min(rows.number("count"), MOST_CELLS + 1)
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


class _Body:
    """A JSON object that was sent, checked part by part; what is not as it should be raises ``BadInput``."""

    def __init__(self, parts: Any) -> None:
        self._parts: Mapping[str, Any] = parts if isinstance(parts, Mapping) else _refuse()

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return the body of ``request``."""
        try:
            is_json = request.content_type == "application/json"
            return cls(request.json_body if is_json else json.loads(request.POST.get("block", "")))
        except (ValueError, RecursionError):  # The latter by lists within lists.
            _refuse()

    def part(self, name: str) -> _Body:
        """Return the object ``name``."""
        return _Body(self._parts.get(name))

    def text(self, name: str) -> str:
        """Return the text ``name``, by default an empty one."""
        text = self._parts.get(name) or ""
        return text if isinstance(text, str) else _refuse()

    def number(self, name: str) -> int:
        """Return the whole number ``name``, by default 0."""
        value = self._parts.get(name) or 0
        return value if _is_number(value) else _refuse()

    def numbers(self, name: str) -> list[int] | None:
        """Return the different whole numbers ``name``; ``None`` if there are none of that name."""
        values = self._parts.get(name)
        if values is None:
            return None
        if not (isinstance(values, list) and all(map(_is_number, values)) and _differ(values)):
            _refuse()
        return values

    def block(self) -> CellBlock:
        """Return the texts, which are one at least, and their columns."""
        columns, texts = self._parts.get("columns"), self._parts.get("texts")
        if not (_are_texts(columns) and _differ(columns) and isinstance(texts, list) and texts):
            _refuse()
        return CellBlock(columns, texts) if all(map(_are_texts, texts)) else _refuse()

    def seen(self) -> dict[int, dict[str, str]]:
        """Return the texts by row and field on which the edit is based; they may be missing."""
        seen = self._parts.get("seen") or {}
        if not isinstance(seen, Mapping) or not all(key.isdecimal() and len(key) < 11 for key in seen):
            _refuse()
        if not all(
            isinstance(texts, Mapping) and _are_texts(list(texts.values()) or [""]) for texts in seen.values()
        ):
            _refuse()
        return {int(key): texts for key, texts in seen.items()}

    def kind(self) -> BlockKind:
        """Return what the person does."""
        kind = self.text("kind") or BlockKind.EDIT.value
        return BlockKind(kind) if kind in list(BlockKind) else _refuse()


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_NUMBER


def _are_texts(values: Any) -> TypeGuard[list[str]]:
    return isinstance(values, list) and bool(values) and all(isinstance(value, str) for value in values)


def _differ(values: Sequence[Any]) -> bool:
    return len(set(values)) == len(values)


def _refuse() -> NoReturn:
    raise BadInput(
        "The block of cells that was sent can't be read, so nothing was changed. Reload the page, and try again."
    )
