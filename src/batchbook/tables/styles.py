"""Which formats of cells show zeros in front of a number, as codes and postal numbers have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from batchbook.tables.extent import feed_xml

_ZEROS = re.compile(r"(?:\[\$[^\]]*\])?(0{2,15})(?:;.*)?")


def zeros_of(code: str) -> int:
    """Return how many digits a number format shows at least, 0 where it is no format of zeros alone."""
    match = _ZEROS.fullmatch(code)
    return len(match[1]) if match else 0


def padded_styles(pieces: Iterable[bytes]) -> dict[int, int]:
    """Return how many digits are shown at least, by the number of the cells' style, from a workbook's styles.

    Raises :class:`~batchbook.tables.extent.NotASheet` for what is no XML.
    """
    styles = _Styles()
    feed_xml(pieces, styles.start, styles.end)
    return {
        number: styles.zeros[format_id]
        for number, format_id in enumerate(styles.cells)
        if format_id in styles.zeros
    }


class _Styles:
    def __init__(self) -> None:
        self.zeros: dict[str, int] = {}
        self.cells: list[str] = []
        self._in_cells = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt" and zeros_of(attributes.get("formatCode", "")):
            self.zeros[attributes.get("numFmtId", "")] = zeros_of(attributes["formatCode"])
        elif tag == "cellXfs":
            self._in_cells = True
        elif tag == "xf" and self._in_cells:
            self.cells.append(attributes.get("numFmtId", ""))

    def end(self, tag: str) -> None:
        self._in_cells = self._in_cells and tag != "cellXfs"
