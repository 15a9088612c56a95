"""Opening the first sheet of a workbook that anybody may have made, within bounds of memory.

The reader of workbooks is fast and trusting. So it never sees the uploaded file, but a workbook of our own with the
parts that were looked at: the first sheet, its texts and its formats. Nothing else in the file can then mislead it.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from batchbook.errors import BadInput
from batchbook.tables.archive import Archive, TooMuch
from batchbook.tables.extent import Extent, NotASheet, QuickScan, exact_extent, feed_xml

#: How far its first sheet may reach, and how many cells the rectangle up to there may have.
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 1_000_000, 1_000, 5_000_000

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, CalamineError, NotASheet, KeyError, IndexError, OSError, EOFError, ValueError,
    RuntimeError, NotImplementedError,
)  # fmt: skip

_OOXML = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_OOXML}/officeDocument/2006/relationships"
_SHEET, _TEXTS, _FORMATS = "worksheet", "sharedStrings", "styles"
_COPIES = {_SHEET: "xl/worksheets/sheet1.xml", _TEXTS: "xl/sharedStrings.xml", _FORMATS: "xl/styles.xml"}


@dataclass(frozen=True)
class _Parts:
    """Where the parts of a workbook are in its archive, by kind, and whether its days count from 1904."""

    paths: dict[str, str]
    from_1904: bool


def first_sheet(name: str, file: BinaryIO) -> CalamineSheet:
    """Return the first worksheet of ``file``, called ``name``.

    Raises ``BadInput`` for what is no workbook, unpacks to too much, or reaches too far.
    """
    try:
        with TemporaryDirectory(prefix="batchbook-") as folder:
            path = Path(folder, "sheet.xlsx")
            _Copy(Archive(file)).write(path)
            return CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except TooMuch as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except _UNREADABLE as error:
        raise BadInput(
            f"“{name}” is called .xlsx but cannot be read as an Excel workbook ({error})."
        ) from None


class _Copy:
    """Copies the parts that count, and looks at them on the way."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def write(self, path: Path) -> None:
        """Write the copy to ``path``."""
        parts = self._find()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as copy:
            for name, content in _frame(parts).items():
                copy.writestr(name, content)
            for kind, source in parts.paths.items():
                with copy.open(_COPIES[kind], "w", force_zip64=True) as target:
                    pieces = self._archive.pieces(source)
                    target.writelines(self._looked_at(pieces, source) if kind == _SHEET else pieces)

    def _looked_at(self, pieces: Iterable[bytes], source: str) -> Iterator[bytes]:
        """Yield the pieces of the sheet; raise :class:`TooMuch` after the last if it reaches too far."""
        scan = QuickScan()
        for piece in pieces:
            scan.feed(piece)
            yield piece
        if scan.unsure or _why_too_far(scan.extent):
            reason = _why_too_far(exact_extent(self._archive.pieces_again(source)))
            if reason:
                raise TooMuch(reason)

    def _find(self) -> _Parts:
        root = self._relations("")
        book = next((path for kind, path in root.values() if kind == "officeDocument"), "xl/workbook.xml")
        relations = self._relations(book)
        sheets: list[str] = []
        epochs: list[str] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                sheets.extend(value for key, value in attributes.items() if key.endswith(":id"))
            elif tag == "workbookPr":
                epochs.append(attributes.get("date1904", "0"))

        feed_xml(self._archive.pieces(book), start)
        kinds = {kind: path for kind, path in relations.values() if path in self._archive}
        paths = {kind: kinds[kind] for kind in (_TEXTS, _FORMATS) if kind in kinds}
        sheet = next((relations[key][1] for key in sheets if relations[key][0] == _SHEET), None)
        if sheet is None:
            raise NotASheet("it has no sheet")
        paths[_SHEET] = sheet
        return _Parts(paths, from_1904=epochs[:1] in (["1"], ["true"]))

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the last word of the kind, and the path, of what ``part`` refers to, by id."""
        folder, file = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                path = posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/")
                found[attributes["Id"]] = attributes["Type"].rpartition("/")[2], path

        feed_xml(self._archive.pieces(posixpath.join(folder, "_rels", f"{file}.rels")), start)
        return found


def _why_too_far(extent: Extent) -> str | None:
    rows, columns = extent.rows, extent.columns
    if rows <= MAX_ROWS and columns <= MAX_COLUMNS and max(rows * columns, extent.cells) <= MAX_CELLS:
        return None
    return (
        f"has cells down to row {rows:,} and out to column {columns:,}, which is further than a table may reach here:"
        f" {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns, {MAX_CELLS:,} cells in all. Delete what stands far below or"
        " beside the table, or save it as CSV"
    )


def _frame(parts: _Parts) -> dict[str, str]:
    """Return the files that make a workbook of the parts."""
    related = "".join(
        f'<Relationship Id="{kind}" Type="{_RELATIONS}/{kind}" Target="/{_COPIES[kind]}"/>'
        for kind in parts.paths
    )
    package = f'xmlns="{_OOXML}/package/2006/relationships"'
    return {
        "[Content_Types].xml": f'<Types xmlns="{_OOXML}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships {package}><Relationship Id="book" Type="{_RELATIONS}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {package}>{related}</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_OOXML}/spreadsheetml/2006/main" xmlns:r="{_RELATIONS}">'
        f'<workbookPr date1904="{int(parts.from_1904)}"/>'
        f'<sheets><sheet name="Sheet1" sheetId="1" r:id="{_SHEET}"/></sheets></workbook>',
    }
