"""ZIP archives of workbooks and the XML documents in them, unpacked and parsed within limits."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import BinaryIO
from xml.parsers import expat

from batchbook.tables.errors import MAX_CELL, TEXT_TOO_LONG, InvalidWorkbook, LimitExceeded


class XmlFeed:
    """A parser like :func:`feed_xml` that is fed piece by piece."""

    def __init__(
        self,
        namespaces: Namespaces,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        own = OwnElements(namespaces, start, end, text)
        # The encoding is fixed, so that this parser and the next reader cannot take the document for different ones.
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler, self._parser.EndElementHandler = own.start, own.end
        if text is not None:
            self._parser.CharacterDataHandler = own.text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        self._parse(piece, is_last=False)

    def close(self) -> None:
        """Take the end of the document."""
        self._parse(b"", is_last=True)

    def _parse(self, piece: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise InvalidWorkbook(str(error)) from None


#: The most bytes that are unpacked of a workbook, counted while they are unpacked.
MAX_UNPACKED = 200 * 1024 * 1024

#: The most bytes of the archive's list of its parts: thousands of parts, where a workbook has dozens.
MAX_LIST = 1024 * 1024

_PIECE = 256 * 1024
# The longest text in bytes: a character may be written as an escape of some bytes.
_LONGEST_TEXT = 8 * MAX_CELL
# The number of pieces of the list of an OpenDocument's parts that are searched.
_MANIFEST = 16
_OF_WORKBOOKS = ("content.xml", "mimetype", "[content_types].xml")
# Files that systems add to archives and folders.
_OF_SYSTEMS = re.compile(r"(?:^|/)(?:__macosx/|\._|\.ds_store$|thumbs\.db$|desktop\.ini$)")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """The parts of the archive in ``file``.

    Raises :class:`LimitExceeded` where it lists more parts than a workbook has, ``zipfile.BadZipFile`` for what is none.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(_InPieces(file))
        # Programs do not agree on capital letters, neither in the archive nor in what refers to it.
        self._entries = {_plain_path(entry.orig_filename): entry for entry in self._archive.infolist()}
        self._unpacked = 0

    def __contains__(self, path: str) -> bool:
        """Return whether there is a part at ``path``."""
        return path.lower() in self._entries

    def has(self, *folders: str) -> bool:
        """Return whether there is a part in one of ``folders``, given in lower case with a slash at their ends."""
        return any(path.startswith(folders) for path in self._entries)

    def only_file(self) -> str | None:
        """Return the path of the only file in an archive that is no workbook; ``None`` for several, or none.

        Files that systems put beside others to remember how a folder looks do not count.
        """
        files = [path for path in self._entries if not path.endswith("/") and not _OF_SYSTEMS.search(path)]
        if len(files) != 1 or files[0] in _OF_WORKBOOKS:
            return None
        return self._entries[files[0]].filename.partition("\0")[0].replace("\\", "/").lstrip("/")

    def unpacked(self, path: str) -> Iterator[bytes]:
        """Yield the file at ``path``, which may be of any kind, unpacked within the same limit as a part."""
        entry = self._entries[path.lower()]
        if entry.compress_type not in _METHODS:
            raise InvalidWorkbook("it is packed in a way that archives of tables are not")
        with self._archive.open(entry) as file:
            yield from self._counted(iter(partial(file.read, _PIECE), b""))

    def encrypted(self) -> bool:
        """Return whether a password protects the parts, in either of the two ways in use."""
        if any(entry.flag_bits & 1 for entry in self._entries.values()):
            return True
        manifest = "META-INF/manifest.xml"
        return manifest in self and b"encryption-data" in b"".join(
            islice(self.pieces_again(manifest), _MANIFEST)
        )

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield the part at ``path`` unpacked.

        Raises :class:`LimitExceeded` once more was unpacked than is allowed in all.
        """
        yield from self._counted(self.pieces_again(path))

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._unpacked += len(piece)
            if self._unpacked > MAX_UNPACKED:
                raise LimitExceeded(f"unpacks to more than {MAX_UNPACKED // 2**20:,} MB")
            yield piece

    def pieces_again(self, path: str) -> Iterator[bytes]:
        """Yield the part once more, without counting it again.

        Raises :class:`~batchbook.tables.errors.InvalidWorkbook` where it is missing, or packed as workbooks are not.
        """
        entry = self._entries.get(path.lower())
        if entry is None or entry.compress_type not in _METHODS:
            what = "is missing" if entry is None else "is packed in a way that workbooks are not"
            raise InvalidWorkbook(f"{path[:60]} {what}")
        with self._archive.open(entry) as unpacked:
            yield from without_long_texts(iter(partial(unpacked.read, _PIECE), b""))


def _plain_path(name: str) -> str:
    """Return the path of a part with the separators that the standard wants; some programs write backslashes."""
    return name.partition("\0")[0].replace("\\", "/").lower().lstrip("/")


def without_long_texts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of an XML document; raise :class:`LimitExceeded` for a text or a tag that is too long."""
    length = 0
    for piece in pieces:
        end = piece.rfind(b">")
        length = length + len(piece) if end < 0 else len(piece) - end
        if length > _LONGEST_TEXT:
            raise LimitExceeded(TEXT_TOO_LONG)
        yield piece


class _InPieces:
    """A file that is only read in pieces. Python reads the list of an archive's parts in one, before anything else."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; raise :class:`LimitExceeded` instead of making a list of far too many parts."""
        if size > MAX_LIST:
            raise LimitExceeded(
                f"has more parts than a workbook may have here: the list of them takes {size:,} bytes,"
                f" more than {MAX_LIST:,}"
            )
        return self._file.read(size)


#: By namespace, the prefix that its elements and attributes have here, whichever they have in the document.
Namespaces = Mapping[str, str]

#: A main part of an Excel workbook: in the namespaces of the transitional and of the strict kind.
SPREADSHEET: Namespaces = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "",
    "http://purl.oclc.org/ooxml/spreadsheetml/main": "",
}
#: The relationships of such a part.
PACKAGE: Namespaces = {"http://schemas.openxmlformats.org/package/2006/relationships": ""}
#: The beginnings of the kinds of relationships that the standard defines.
RELATION_KINDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/",
)
#: The content of an OpenDocument spreadsheet, without the drawings over its cells.
OPENDOCUMENT: Namespaces = {
    **{
        f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0": f"{name}:"
        for name in ("office", "table", "text")
    },
    "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0": "calcext:",
    "urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0": "loext:",
}

_COMPATIBLE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
# A choice is for programs that know another namespace; what is to be done without it stands in the fallback.
_TRANSPARENT = frozenset({f"{_COMPATIBLE} AlternateContent", f"{_COMPATIBLE} Fallback"})
_EXTENSIONS = "extLst"
# Attributes that elements have from elsewhere.
_ATTRIBUTES = {
    **{kinds[:-1]: "r:" for kinds in RELATION_KINDS},
    "http://www.w3.org/XML/1998/namespace": "xml:",
}


class OwnElements:
    """A filter that passes on the elements and texts of a document that belong to ``namespaces``.

    Names are those of ``expat``, with a blank behind the namespace. Where the document's root has no namespace, elements
    without one belong to it.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None,
        text: Callable[[str], None] | None,
    ) -> None:
        self._names, self._attributes = _Names(namespaces), _Names({**namespaces, **_ATTRIBUTES})
        self._start, self._end, self._text = start, end, text
        self._is_root, self._passed_over = True, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if self._is_root:
            self._is_root = False
            if " " not in name:
                self._names.without_namespace()
        if self._passed_over or self._names[name] in ("", _EXTENSIONS):
            if self._passed_over or name not in _TRANSPARENT:
                self._passed_over += 1
            return
        if attributes:
            attributes = {self._attributes[key] or key: value for key, value in attributes.items()}
        self._start(self._names[name], attributes)

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if self._passed_over:
            self._passed_over -= 1
        elif self._end is not None and name not in _TRANSPARENT:
            self._end(self._names[name])

    def text(self, part: str) -> None:
        """Take a part of a text."""
        if self._text is not None and not self._passed_over:
            self._text(part)


class _Names(dict[str, str]):
    """Names of elements by their full names; empty for those of other namespaces."""

    def __init__(self, namespaces: Namespaces) -> None:
        super().__init__()
        self._namespaces = namespaces

    def without_namespace(self) -> None:
        """Include names without a namespace."""
        self._namespaces = {**self._namespaces, "": ""}

    def __missing__(self, name: str) -> str:
        namespace, _, local = name.rpartition(" ")
        prefix = self._namespaces.get(namespace)
        found = self[name] = "" if prefix is None else f"{prefix}{local}"
        return found


def feed_xml(
    pieces: Iterable[bytes],
    namespaces: Namespaces,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Parse a document and call ``start(tag, attributes)``, ``end(tag)`` and ``text(part)`` for what belongs to ``namespaces``.

    Tags and attributes have the prefixes that ``namespaces`` gives them. Raises :class:`InvalidWorkbook` for anything but XML in
    UTF-8, and for a document type, which could define entities.
    """
    for _ in parsed_xml(pieces, namespaces, start, end, text):
        pass


def parsed_xml(
    pieces: Iterable[bytes],
    namespaces: Namespaces,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Do what :func:`feed_xml` does, and pause after each piece."""
    feed = XmlFeed(namespaces, start, end, text)
    for piece in pieces:
        feed.feed(piece)
        yield
    feed.close()


def without_doctype(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a document; raise :class:`InvalidWorkbook` where it begins with a document type."""
    for number, piece in enumerate(pieces):
        if not number and b"<!DOCTYPE" in piece:
            _refuse_doctype()
        yield piece


def _refuse_doctype(*_parts: object) -> None:
    raise InvalidWorkbook("it has a document type, which no workbook has")
