"""Opening the first sheet of a workbook that anybody may have made, within bounds of memory.

The reader of workbooks is fast and trusting. So it never sees the uploaded file, but a workbook of our own with the
parts that were looked at: the first sheet, its texts and its formats. Nothing else in the file can then mislead it.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from batchbook.batches.extent import Extent, NotASheet, QuickScan, exact_extent, feed_xml
from batchbook.errors import BadInput

#: What is unpacked of a workbook at most, in bytes, counted while it is unpacked.
MAX_UNPACKED = 200 * 1024 * 1024

#: How far its first sheet may reach, and how many cells the rectangle up to there may have.
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 1_000_000, 1_000, 5_000_000

#: How many bytes the archive's list of its parts may have: thousands of parts, where a workbook has dozens.
MAX_LIST = 1024 * 1024

_PIECE = 256 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, CalamineError, NotASheet, KeyError, IndexError, OSError, EOFError, ValueError,
    RuntimeError, NotImplementedError,
)  # fmt: skip

_OOXML = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_OOXML}/officeDocument/2006/relationships"
_SHEET, _TEXTS, _FORMATS = "worksheet", "sharedStrings", "styles"
_COPIES = {_SHEET: "xl/worksheets/sheet1.xml", _TEXTS: "xl/sharedStrings.xml", _FORMATS: "xl/styles.xml"}


class _TooMuch(Exception):  # noqa: N818 - It becomes a sentence before it leaves this module.
    """What the file has too much of, as the end of a sentence."""


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
        with TemporaryDirectory(prefix="batchbook-") as folder, zipfile.ZipFile(_InPieces(file)) as archive:
            path = Path(folder, "sheet.xlsx")
            _Copy(archive).write(path)
            return CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except _TooMuch as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except _UNREADABLE as error:
        raise BadInput(
            f"“{name}” is called .xlsx but cannot be read as an Excel workbook ({error})."
        ) from None


class _InPieces:
    """A file that is only read in pieces. The list of an archive's parts is read in one, before anything else."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; raise :class:`_TooMuch` instead of making a list of far too many parts."""
        if size > MAX_LIST:
            raise _TooMuch(
                f"has more parts than a workbook may have here: the list of them takes {size:,} bytes,"
                f" more than {MAX_LIST:,}"
            )
        return self._file.read(size)


class _Copy:
    """Copies the parts that count, and looks at them on the way."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        # Programs do not agree on capital letters, neither in the archive nor in what refers to it.
        self._entries = {entry.filename.lower(): entry for entry in archive.infolist()}
        self._unpacked = 0

    def write(self, path: Path) -> None:
        """Write the copy to ``path``."""
        parts = self._find()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as copy:
            for name, content in _frame(parts).items():
                copy.writestr(name, content)
            for kind, source in parts.paths.items():
                scan = QuickScan() if kind == _SHEET else None
                with copy.open(_COPIES[kind], "w", force_zip64=True) as target:
                    for piece in self._pieces(source):
                        target.write(piece)
                        if scan is not None:
                            scan.feed(piece)
                if scan is not None and (scan.unsure or _why_too_far(scan.extent)):
                    self._check(exact_extent(self._unpack(source)))

    def _check(self, extent: Extent) -> None:
        reason = _why_too_far(extent)
        if reason:
            raise _TooMuch(reason)

    def _pieces(self, path: str) -> Iterator[bytes]:
        for piece in self._unpack(path):
            self._unpacked += len(piece)
            if self._unpacked > MAX_UNPACKED:
                raise _TooMuch(f"unpacks to more than {MAX_UNPACKED // 2**20:,} MB")
            yield piece

    def _unpack(self, path: str) -> Iterator[bytes]:
        entry = self._entries.get(path.lower())
        if entry is None or entry.compress_type not in _METHODS:
            what = "is missing" if entry is None else "is packed in a way that workbooks are not"
            raise NotASheet(f"{path[:60]} {what}")
        with self._archive.open(entry) as unpacked:
            yield from iter(partial(unpacked.read, _PIECE), b"")

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

        feed_xml(self._pieces(book), start)
        kinds = {kind: path for kind, path in relations.values() if path.lower() in self._entries}
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

        feed_xml(self._pieces(posixpath.join(folder, "_rels", f"{file}.rels")), start)
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
