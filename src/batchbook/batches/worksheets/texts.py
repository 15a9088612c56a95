"""Texts as a cell of a workbook can hold them, and what counts of them."""

from __future__ import annotations

import re

from batchbook.batches.issues import plain_lines

#: How many characters a cell gets at most: a workbook's holds twice as many, but counts some characters as two.
LONGEST = 16_000

#: What stands at the end of a text that is longer.
CUT = "… (cut here: a cell of a worksheet holds no more)"

# XML has no way to write these two.
_UNWRITABLE = re.compile("[\ufffe\uffff]")


def sheet_text(text: str) -> str:
    """Return ``text`` as a cell of a worksheet holds it: cut where it is very long, see :data:`CUT`."""
    text = _UNWRITABLE.sub("�", text)
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def plain(text: str) -> str:
    """Return what counts of a cell's text: neither blanks around it, nor how its lines end."""
    return plain_lines(text).strip()
