"""The hidden key of a row in a worksheet: which row it is, and checks that tell whether its cells were changed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from batchbook.batches.worksheets.layout import SheetColumn
from batchbook.batches.worksheets.texts import plain

_KEY = re.compile(r"([1-9][0-9]{0,9}) ([0-9a-f]{8}) ([0-9a-f]{8})")


@dataclass(frozen=True)
class Key:
    """What the hidden cell of a row says: its sequence, and the checks of its cells, those to edit and those to see."""

    sequence: int
    edited: str
    shown: str

    @classmethod
    def read(cls, text: str) -> Key | None:
        """Return the key that ``str`` made ``text`` of; ``None`` for any other text."""
        match = _KEY.fullmatch(text.strip())
        return cls(int(match[1]), match[2], match[3]) if match else None

    def __str__(self) -> str:
        """Return it as a text."""
        return f"{self.sequence} {self.edited} {self.shown}"


class Checks:
    """Makes short texts of the cells of a row with these columns: they are others, as good as always, if a cell is."""

    def __init__(self, columns: Sequence[SheetColumn]) -> None:
        self._edits = [bool(column.field) for column in columns]

    def key(self, sequence: int, texts: Sequence[str]) -> Key:
        """Return the key of a row whose cells have these texts."""
        return Key(sequence, self.of(texts, edited=True) or "", self.of(texts, edited=False) or "")

    def of(self, texts: Sequence[str | None], *, edited: bool) -> str | None:
        """Return the check of the cells that edit a field, or of the others; ``None`` if one of them is missing."""
        chosen = [text for text, edits in zip(texts, self._edits, strict=True) if edits == edited]
        there = [plain(text) for text in chosen if text is not None]
        if len(there) < len(chosen):
            return None
        return f"{zlib.crc32(chr(31).join(there).encode(errors='surrogatepass')):08x}"
