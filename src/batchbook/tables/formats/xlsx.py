"""Opening a sheet of a workbook from an untrusted source, within bounds of memory.

The library that reads workbooks is fast and trusting. So it never sees the uploaded file, but a workbook of our own with
the parts that were checked: one sheet, its texts and its formats. Nothing else in the file can mislead it.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from python_calamine import CalamineSheet, CalamineWorkbook

from batchbook.tables.errors import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    InvalidWorkbook,
    ReachesTooFar,
    bad_input_for,
    rows_at_once,
    sheet_too_large_message,
)
from batchbook.tables.formats import Block, MergedRange, OpenedFile
from batchbook.tables.formats.archive import (
    PACKAGE,
    RELATION_KINDS,
    SPREADSHEET,
    Archive,
    feed_xml,
    without_doctype,
)
from batchbook.tables.formats.cell_values import ColumnTexts
from batchbook.tables.formats.far_cells import cells_within, far_cells
from batchbook.tables.formats.sheet_extent import (
    Extent,
    QuickScan,
    TextVolumeCheck,
    exact_extent,
    refuse_far_rows,
)
from batchbook.tables.formats.sheet_xml import (
    CELLS,
    TEXTS,
    CellRewriter,
    NeedsRewriting,
    PlainPart,
    Styles,
    own_elements,
)
from batchbook.tables.layout.sheets import choose_sheet
from batchbook.tables.report import Note, Reading

_OOXML = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_OOXML}/officeDocument/2006/relationships"
_SHEET, _TEXTS, _FORMATS = "worksheet", "sharedStrings", "styles"
_COPIES = {_SHEET: "xl/worksheets/sheet1.xml", _TEXTS: "xl/sharedStrings.xml", _FORMATS: "xl/styles.xml"}

_TRUE = ("1", "true", "on")

# A function that rewrites the pieces of a part.
_Rewriting = Callable[[Iterable[bytes]], Iterator[bytes]]


@dataclass(frozen=True)
class XlsxSheet:
    """A worksheet of a workbook: its name, where it is in the archive, and whether people see it."""

    name: str
    path: str
    visible: bool


@dataclass
class _Parts:
    """Parts that a workbook refers to: its sheets in order, others by kind; and whether its days count from 1904."""

    sheets: list[XlsxSheet] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    from_1904: bool = False


@dataclass(frozen=True)
class LoadedSheet:
    """A sheet that was read, and the rewriter that counted what is noticed in it."""

    cells: CalamineSheet
    found: CellRewriter


class XlsxWorkbook:
    """The workbook in ``file``. Raises the errors that :func:`~batchbook.tables.errors.bad_input_for` translates."""

    def __init__(self, file: BinaryIO) -> None:
        self._archive = Archive(file)
        self._parts = self._find()

    @property
    def sheets(self) -> list[XlsxSheet]:
        """Its worksheets, in order."""
        return self._parts.sheets

    def load(self, sheet: XlsxSheet) -> LoadedSheet:
        """Read ``sheet``; raise :class:`LimitExceeded` where it, or what it needs, unpacks to too much, or reaches too far."""
        refuse_far_rows(self._archive.pieces_again(sheet.path))
        try:
            return self._loaded(sheet)
        except NeedsRewriting:
            return self._loaded(sheet, own_elements)
        except ReachesTooFar:
            texts = self._parts.paths.get(_TEXTS)
            far = far_cells(
                self._archive.pieces_again(sheet.path), self._archive.pieces_again(texts) if texts else None
            )
            rows, columns = far.table()
            if not rows:
                raise
            loaded = self._loaded(sheet, partial(cells_within, rows=rows, columns=columns))
            loaded.found.findings.far = far.note()
            return loaded

    def _loaded(self, sheet: XlsxSheet, rewrite: _Rewriting | None = None) -> LoadedSheet:
        found = CellRewriter(*((self._styles.padded, self._styles.percent) if self._styles else ({},)))
        with TemporaryDirectory(prefix="batchbook-") as folder:
            path = Path(folder, "sheet.xlsx")
            self._write(path, sheet, found, rewrite)
            return LoadedSheet(CalamineWorkbook.from_path(path).get_sheet_by_index(0), found)

    @cached_property
    def _styles(self) -> Styles | None:
        path = self._parts.paths.get(_FORMATS)
        return Styles(self._archive.pieces(path)) if path else None

    def _write(self, path: Path, sheet: XlsxSheet, found: CellRewriter, rewrite: _Rewriting | None) -> None:
        texts, paths = TextVolumeCheck(), {**self._parts.paths, _SHEET: sheet.path}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as copy:
            for name, content in _frame(self._parts).items():
                copy.writestr(name, content)
            for kind, source in paths.items():
                with copy.open(_COPIES[kind], "w", force_zip64=True) as target:
                    target.writelines(self._checked_part(kind, source, texts, found, rewrite))
        if texts.may_be_too_much(found.reach.most_cells):
            texts.refuse_too_much(*map(self._archive.pieces_again, (paths[_TEXTS], sheet.path)))

    def _checked_part(
        self,
        kind: str,
        source: str,
        texts: TextVolumeCheck,
        found: CellRewriter,
        rewrite: _Rewriting | None,
    ) -> Iterator[bytes]:
        if kind == _FORMATS:
            return iter([self._styles.xml().encode()] if self._styles else [])
        # A part that is unpacked once more does not count twice.
        pieces = without_doctype(
            self._archive.pieces_again(source) if rewrite else self._archive.pieces(source)
        )
        part = PlainPart(CELLS if kind == _SHEET else TEXTS, found.findings)
        if kind == _TEXTS:
            return texts.passed(part.passed(own_elements(pieces) if rewrite else pieces))
        own = part.passed(rewrite(pieces) if rewrite else pieces)
        return self._measured(own, source, found, rewrite or iter)

    def _measured(
        self, pieces: Iterable[bytes], source: str, found: CellRewriter, rewrite: _Rewriting
    ) -> Iterator[bytes]:
        """Yield the pieces of the sheet; raise :class:`ReachesTooFar` after the last if it reaches too far."""
        yield from found.rewritten(pieces)
        extent = found.reach.extent
        if extent is None or _size_problem(extent):
            reason = _size_problem(_exact_extent(lambda: rewrite(self._archive.pieces_again(source))))
            if reason:
                raise ReachesTooFar(reason)

    def _find(self) -> _Parts:
        # A workbook without the list of its main parts has them where every program puts them.
        root = self._relations("") if "_rels/.rels" in self._archive else {}
        book = next((path for kind, path in root.values() if kind == "officeDocument"), "xl/workbook.xml")
        relations = self._relations(book)
        parts = _Parts()

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                kind, path = relations[attributes["r:id"]]
                if kind == _SHEET:
                    visible = attributes.get("state", "visible") == "visible"
                    parts.sheets.append(XlsxSheet(attributes.get("name", ""), path, visible))
            elif tag == "workbookPr":
                parts.from_1904 = attributes.get("date1904", "").strip().lower() in _TRUE

        feed_xml(self._archive.pieces(book), SPREADSHEET, start)
        kinds = {kind: path for kind, path in relations.values() if path in self._archive}
        parts.paths = {kind: kinds[kind] for kind in (_TEXTS, _FORMATS) if kind in kinds}
        if not parts.sheets:
            raise InvalidWorkbook("it has no sheet")
        return parts

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the kind (its last word) and the path of each part that ``part`` refers to, by id."""
        folder, file = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes["Type"]
                path = posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/")
                found[attributes["Id"]] = (
                    kind.rpartition("/")[2] if kind.startswith(RELATION_KINDS) else "",
                    path,
                )

        feed_xml(self._archive.pieces(posixpath.join(folder, "_rels", f"{file}.rels")), PACKAGE, start)
        return found


def _exact_extent(pieces: Callable[[], Iterator[bytes]]) -> Extent:
    scan = QuickScan()
    for piece in pieces():
        scan.feed(piece)
    return exact_extent(pieces()) if scan.unsure or _size_problem(scan.extent) else scan.extent


def _size_problem(extent: Extent) -> str | None:
    rows, columns = extent.rows, extent.columns
    if rows <= MAX_ROWS and columns <= MAX_COLUMNS and max(rows * columns, extent.cells) <= MAX_CELLS:
        return None
    return sheet_too_large_message(rows, columns)


def _frame(parts: _Parts) -> dict[str, str]:
    """Return the files that make a workbook of one sheet of the parts."""
    related = "".join(
        f'<Relationship Id="{kind}" Type="{_RELATIONS}/{kind}" Target="/{_COPIES[kind]}"/>'
        for kind in (*parts.paths, _SHEET)
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


def open_xlsx(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
    """Return one sheet of ``file``, called ``name``, opened for reading; ``expected`` are headings that it may have.

    Raises ``BadInput`` for a file that is no workbook, unpacks to too much, or reaches too far.
    """
    with bad_input_for(name, "an Excel workbook"):
        book = XlsxWorkbook(file)
        chosen = choose_sheet(
            name,
            [(sheet.name, sheet.visible) for sheet in book.sheets],
            lambda place: XlsxRows(name, book.load(book.sheets[place])),
            requested.sheet,
            expected,
        )
    reading = replace(requested, format="xlsx", encoding="", delimiter="", sheet=chosen.name)
    return OpenedFile(chosen.rows, reading, chosen.rows.height, sheets=chosen.reports, notes=chosen.notes)


class XlsxRows:
    """The rows of a sheet that was read."""

    def __init__(self, name: str, loaded: LoadedSheet) -> None:
        self._name, self._cells, self._found = name, loaded.cells, loaded.found
        self._texts = ColumnTexts()
        last_row, last_column = loaded.cells.end or (-1, -1)
        #: The number of its last row.
        self.height = last_row + 1
        self._width = last_column + 1

    @property
    def hidden_rows(self) -> Collection[int]:
        """The numbers of the rows that are hidden."""
        return self._found.findings.hidden_rows

    @property
    def merged(self) -> Sequence[MergedRange]:
        """The ranges of merged cells, as far as they were read."""
        return self._found.findings.merged

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield the rows in blocks of at most ``size``; empty blocks are left out."""
        rows, first = self._cells.iter_rows(), 1
        self._texts = ColumnTexts()
        at_once = rows_at_once(size, self._width)
        while values := list(islice(rows, at_once)):
            # A cell far below makes room for many rows without any.
            if values.count([""] * len(values[0])) < len(values):
                with bad_input_for(self._name, "an Excel workbook"):
                    texts = self._texts.rows(first, values)
                yield Block(first, texts)
            first += len(values)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes about the sheet."""
        return replace(self._found.findings, long=self._texts.long).notes()
