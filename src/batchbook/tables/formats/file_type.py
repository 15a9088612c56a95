"""Detection of a file's type: by its content, and by its name only where the content leaves it open."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath
from tempfile import TemporaryFile
from typing import BinaryIO, NoReturn, cast

from batchbook.errors import BadInput
from batchbook.tables.errors import InvalidCompoundFile, InvalidWorkbook, LimitExceeded
from batchbook.tables.formats.archive import MAX_UNPACKED, Archive
from batchbook.tables.formats.biff import COMPOUND_MAGIC, WORKBOOK_STREAMS, CompoundFile
from batchbook.tables.formats.dbf import dbf_header
from batchbook.tables.formats.parquet import PARQUET_MAGIC
from batchbook.tables.report import Format, Note

#: The ends of the names of files that can be read.
SUFFIXES = (
    ".csv",
    ".gz",
    ".zip",
    ".tsv",
    ".tab",
    ".txt",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".xls",
    ".ods",
    ".fods",
    ".json",
    ".jsonl",
    ".html",
    ".htm",
    ".xml",
    ".dbf",
    ".parquet",
)

# The bytes at the start that are looked at: the first tag of a document may declare dozens of namespaces.
_START, _SEARCHED = 16_384, 8
_TAR = b"ustar"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_FORMAT_OF_SUFFIX: dict[str, Format] = {
    "xlsx": "xlsx",
    "xlsm": "xlsx",
    "xlsb": "xlsb",
    "xls": "xls",
    "ods": "ods",
    "fods": "ods",
    "json": "json",
    "jsonl": "json",
    "html": "html",
    "htm": "html",
    "xml": "xml",
    "dbf": "dbf",
    "parquet": "parquet",
}
#: The formats of texts: what a text is called and how it begins is only evidence for one of them.
TEXT_FORMATS: tuple[Format, ...] = ("csv", "json", "html", "xml")
#: The formats in which a table has names of its columns beside its rows.
NAMED_COLUMNS: tuple[Format, ...] = ("dbf", "parquet")
_FORMAT_NAMES: dict[Format, str] = {
    "csv": "text", "xlsx": "an Excel workbook (XLSX)", "xlsb": "a binary Excel workbook (XLSB)", "xls": "an old Excel workbook (XLS)",
    "ods": "an OpenDocument spreadsheet (ODS)", "json": "JSON", "html": "a web page (HTML)", "xml": "XML Spreadsheet 2003",
    "dbf": "a database table (DBF)", "parquet": "a Parquet file",
}  # fmt: skip

_GZIP, _GZIP_PIECE = b"\x1f\x8b", 256 * 1024
# The errors of archives that are damaged.
_DAMAGED = (
    zipfile.BadZipFile, InvalidWorkbook, OSError, EOFError, ValueError, RuntimeError, NotImplementedError,
)  # fmt: skip
_ADVICE = "Open it in the program that it belongs to, save the table as XLSX or CSV, and upload that."

# The first bytes of files that are no tables, whatever their names.
_OTHER_TYPES = {
    b"%PDF": "a PDF document", b"\x89PNG": "a picture (PNG)", b"\xff\xd8\xff": "a picture (JPEG)", b"GIF8": "a picture (GIF)",
    _GZIP: "an archive (GZIP) in another archive", b"7z\xbc\xaf": "an archive (7-Zip)", b"Rar!": "an archive (RAR)",
    b"BZh": "an archive (BZIP2)", b"\x28\xb5\x2f\xfd": "an archive (Zstandard)", b"\xfd7zXZ": "an archive (XZ)", b"SQLite format 3": "a database (SQLite)",
    b"PARE": "an encrypted Parquet file", b"\x7fELF": "a program", b"MZ\x90": "a program", b"{\\rtf": "a document (RTF)",
    b"\x09\x00\x04\x00": "a workbook of a very old Excel", b"\x09\x02\x06\x00": "a workbook of a very old Excel",
    b"\x09\x04\x06\x00": "a workbook of a very old Excel", b"\x09\x08": "a part of an Excel workbook",
}  # fmt: skip

# A workbook without a compound file around it: its first record, of any length, with a version that is read, and about a workbook.
_BARE_WORKBOOK = re.compile(rb"\x09\x08.\x00\x00[\x05\x06]\x05\x00", re.S)
_HTML = re.compile(
    # The groups give nothing back: comments without an end would be tried in all combinations.
    rb"\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|table|meta|style|div)\b",
    re.I | re.S,
)
_JSON = re.compile(
    rb"""[\s\x1e]*(?:\{\s*(?:"[^"\n]{0,200}"\s*:|\})|\[\s*(?:[\[{]|"[^"\n]{0,200}"\s*[,\]]))"""
)
_XML = re.compile(rb"\s*<\?(?:xml|mso)|\s*<(?:workbook|!doctype)\b", re.I)


def detect_file_type(
    name: str, file: BinaryIO, requested: Format | str = ""
) -> tuple[Format, tuple[Note, ...]]:
    """Return the format of ``file``, called ``name``, and notes about it.

    Text is read as the format of texts that is ``requested``. Raises ``BadInput`` for a file that is no table, and for another
    format than the one requested.
    """
    file.seek(0)
    start = file.read(_START)
    found = _type_by_content(name, file, start, requested)
    if requested and requested != found:
        raise BadInput(
            f"“{name}” cannot be read as {_FORMAT_NAMES.get(requested, requested[:20])}: it is {_FORMAT_NAMES[found]}."  # type: ignore[call-overload]
        )
    suffix = PurePath(name).suffix.lower()
    named = _FORMAT_OF_SUFFIX.get(suffix[1:], "csv" if suffix in SUFFIXES else found)
    if named == found:
        return found, ()
    return found, (
        Note("name", f"The file is called {suffix}, but it is {_FORMAT_NAMES[found]}, and was read as that."),
    )


def unpacked(name: str, file: BinaryIO) -> tuple[str, BinaryIO, tuple[Note, ...]]:
    """Return the only file of an archive (GZIP or ZIP) with its name, unpacked within limits, and a note; any other file as it is.

    Raises ``BadInput`` for an archive that is damaged, or that unpacks to too much.
    """
    file.seek(0)
    start = file.read(4)
    try:
        if start.startswith(_GZIP):
            inner, pieces = PurePath(name).stem, _gzip_pieces(file)
        elif start.startswith(_ZIP_MAGIC) and (only := (archive := Archive(file)).only_file()) is not None:
            if archive.encrypted():
                raise BadInput(password_message(name, "an archive"))
            inner, pieces = PurePath(only).name, archive.unpacked(only)
        else:
            return name, file, ()
        target = _written(pieces)
    except LimitExceeded as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except (*_DAMAGED, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # The disk is full, or the like: nothing is wrong with the archive.
        _refuse_damaged(name)
    target.seek(0)
    message = f"The file is an archive, and “{inner}” in it was read."
    return inner, target, (Note("archive", message),)


def _written(pieces: Iterator[bytes]) -> BinaryIO:
    target = TemporaryFile(prefix="batchbook-")  # noqa: SIM115 - It is open as long as its rows are read.
    try:
        target.writelines(pieces)
    except BaseException:
        target.close()
        raise
    return cast(BinaryIO, target)


def _gzip_pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    size = 0
    with gzip.GzipFile(fileobj=file) as packed:
        while piece := packed.read(_GZIP_PIECE):
            size += len(piece)
            if size > MAX_UNPACKED:
                raise LimitExceeded(f"unpacks to more than {MAX_UNPACKED // 2**20:,} MB")
            yield piece


def _refuse_damaged(name: str) -> NoReturn:
    raise BadInput(
        f"“{name}” is a workbook or archive that is damaged: its end is missing, or it is not what it says. It may"
        " not have been copied or uploaded to its end. Open it where it came from, save it again, and upload that."
    )


def _type_by_content(name: str, file: BinaryIO, start: bytes, requested: str) -> Format:
    if not start:
        raise BadInput(f"“{name}” is empty: it has no bytes. Save the table once more, and upload it again.")
    binary = _type_of_binary(name, file, start)
    if binary:
        return binary
    other = next((what for magic, what in _OTHER_TYPES.items() if start.startswith(magic)), "")
    if start[257:262] == _TAR:
        other = "an archive (TAR)"
    if other:
        raise BadInput(f"“{name}” is not text but {other}, despite its name. {_ADVICE}")
    if requested in TEXT_FORMATS:
        return requested
    if PurePath(name).suffix.lower() == ".dbf" and b"\x00" in start:
        raise BadInput(
            f"“{name}” is no database table of dBase III or IV or of FoxPro that can be read: it is damaged, or of another program."
            f" {_ADVICE}"
        )
    text = (
        start.replace(b"\x00", b"")
        .removeprefix(b"\xef\xbb\xbf")
        .removeprefix(b"\xff\xfe")
        .removeprefix(b"\xfe\xff")
    )
    return _type_of_text(name, text)


def _type_of_binary(name: str, file: BinaryIO, start: bytes) -> Format | None:
    if start.startswith(_ZIP_MAGIC):
        return _type_of_archive(name, file)
    if start.startswith(COMPOUND_MAGIC):
        return _type_of_compound_file(name, file)
    if _BARE_WORKBOOK.match(start):
        return "xls"
    if start.startswith(PARQUET_MAGIC):
        return "parquet"
    return "dbf" if dbf_header(start) is not None else None


def _type_of_text(name: str, text: bytes) -> Format:
    if _JSON.match(text):
        return "json"
    if b"urn:schemas-microsoft-com:office:spreadsheet" in text and _XML.match(text) and not _HTML.match(text):
        return "xml"
    if b"opendocument.spreadsheet" in text and _XML.match(text):
        return "ods"
    if _HTML.match(text):
        return "html"
    if _XML.match(text):
        raise BadInput(f"“{name}” is a document of tags (XML) and no table, despite its name. {_ADVICE}")
    return "csv"


def _type_of_archive(name: str, file: BinaryIO) -> Format:
    try:
        archive = Archive(file)
        mime = b"".join(archive.pieces_again("mimetype"))[:200] if "mimetype" in archive else b""
    except LimitExceeded as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except _DAMAGED:
        _refuse_damaged(name)
    if archive.encrypted():
        raise BadInput(password_message(name))
    if mime.startswith(_SPREADSHEET) or (not mime and _is_spreadsheet(archive)):
        return "ods"
    if "xl/workbook.bin" in archive:
        return "xlsb"
    if ("[Content_Types].xml" in archive or "xl/workbook.xml" in archive) and not archive.has(
        "word/", "ppt/"
    ):
        return "xlsx"
    raise BadInput(f"“{name}” is {_other_archive(archive, mime)}. {_ADVICE}")


def _is_spreadsheet(archive: Archive) -> bool:
    """Return whether an archive that does not tell its type has the content of an OpenDocument spreadsheet."""
    if "content.xml" not in archive:
        return False
    return b"<office:spreadsheet" in b"".join(islice(archive.pieces_again("content.xml"), _SEARCHED))


def _type_of_compound_file(name: str, file: BinaryIO) -> Format:
    try:
        parts = CompoundFile(file).names
    except InvalidCompoundFile as error:
        raise BadInput(
            f"“{name}” is an old Excel workbook or a document that is damaged ({error}). Open it where it came from,"
            " save it as XLSX, and upload that."
        ) from None
    if "encryptedpackage" in parts:
        raise BadInput(password_message(name))
    if not parts.isdisjoint(WORKBOOK_STREAMS):
        return "xls"
    raise BadInput(f"“{name}” is a document of another kind, and no workbook. {_ADVICE}")


def password_message(name: str, what: str = "") -> str:
    """Return the sentence about a workbook that a password protects, or about ``what`` else it is."""
    how = "Unpack it" if what else "Open it in your spreadsheet program"
    return (
        f"“{name}” is {what and what + ', and '}protected by a password, so it cannot be read. {how}, save"
        f" {'the table' if what else 'it'} without the password, and upload that."
    )


def _other_archive(archive: Archive, mime: bytes) -> str:
    if archive.has("word/", "ppt/") or mime:
        return "a document of another kind, and no workbook"
    return "an archive (ZIP) without a workbook in it"
