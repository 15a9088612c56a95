"""The declaration of quick entry: a box into which people scan or type, each text a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from batchbook.batches.rows.blocks import RowValues
from batchbook.words import storable


@dataclass(frozen=True, kw_only=True)
class QuickEntry:
    """Declaration of a box for quick entry: ``quick_entry`` of a handler.

    ``label`` is shown beside the box. ``row_for`` gets the handler, the batch and the text that was scanned or typed,
    and returns the values of a row; ``None`` if the text means nothing.
    """

    label: str
    # It gets the author's own handler and header, which only the author's code has types for.
    row_for: Callable[[Any, Any, str], RowValues | None]

    def values(self, handler: Any, batch: Any, text: str) -> RowValues | None:
        """Return the values of the row for ``text``; ``None`` if it means nothing, or cannot be stored.

        The function of the author is not asked about a text that no database stores, such as one with NUL.
        """
        return self.row_for(handler, batch, text) if text == storable(text) else None
