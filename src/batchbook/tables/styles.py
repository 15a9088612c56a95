"""Which formats of cells show zeros in front of a number, as codes and postal numbers have them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from batchbook.tables.extent import feed_xml
from batchbook.tables.namespaces import SPREADSHEET

_ZEROS = re.compile(r"(?:\[\$[^\]]*\])?(0{2,15})(?:;.*)?")


def zeros_of(code: str) -> int:
    """Return how many digits a number format shows at least, 0 where it is no format of zeros alone."""
    match = _ZEROS.fullmatch(code)
    return len(match[1]) if match else 0


class Styles:
    """The formats of a workbook's numbers, by the number of the cells' style, from its part for styles.

    Raises :class:`~batchbook.tables.extent.NotASheet` for what is no XML.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._codes: dict[str, str] = {}
        self._cells: list[str] = []
        self._open: list[str] = []
        feed_xml(pieces, SPREADSHEET, self._start, self._end)

    @property
    def padded(self) -> dict[int, int]:
        """The least number of digits that is shown, by the number of the style."""
        zeros = {format_id: zeros_of(code) for format_id, code in self._codes.items()}
        return {number: zeros[key] for number, key in enumerate(self._cells) if zeros.get(key)}

    def xml(self) -> str:
        """Return the formats as a part of a workbook that has nothing else."""
        formats = (
            f"<numFmt numFmtId={quoteattr(key)} formatCode={quoteattr(code)}/>"
            for key, code in self._codes.items()
        )
        cells = (f"<xf numFmtId={quoteattr(key)}/>" for key in self._cells)
        return (
            f'<styleSheet xmlns="{next(iter(SPREADSHEET))}"><numFmts>{"".join(formats)}</numFmts>'
            f"<cellXfs>{''.join(cells)}</cellXfs></styleSheet>"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        # Formats that are only applied under a condition are elsewhere, and have numbers of their own.
        if self._open == ["styleSheet", "numFmts"] and tag == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif self._open == ["styleSheet", "cellXfs"] and tag == "xf":
            self._cells.append(attributes.get("numFmtId", "0"))
        self._open.append(tag)

    def _end(self, _tag: str) -> None:
        self._open.pop()
