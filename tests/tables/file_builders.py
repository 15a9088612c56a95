"""Files made byte by byte, as programs write them and as nobody should: archives, workbooks, compound files."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"

# --- XLSX ---


def archive(parts: dict[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def xlsx_parts(*sheets: tuple[str, str], texts: str = "", styles: str = "") -> dict[str, str | bytes]:
    """Return the parts of a workbook with sheets of these names and rows of XML."""
    names = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in enumerate(sheets, 1)
    )
    links = [(f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    further = {"sharedStrings": texts, "styles": styles}
    links += [(kind, kind, f"{kind}.xml") for kind, content in further.items() if content]
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": _relations([("book", "officeDocument", "xl/workbook.xml")]),
        "xl/_rels/workbook.xml.rels": _relations(links),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{names}</sheets></workbook>',
        **{f"xl/worksheets/sheet{n}.xml": worksheet(rows) for n, (_, rows) in enumerate(sheets, 1)},
        **{f"xl/{kind}.xml": content for kind, content in further.items() if content},
    }


def xlsx(*sheets: tuple[str, str], texts: str = "", styles: str = "") -> bytes:
    return archive(xlsx_parts(*sheets, texts=texts, styles=styles))


def worksheet(rows: str) -> str:
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _relations(links: Iterable[tuple[str, str, str]]) -> str:
    found = "".join(
        f'<Relationship Id="{key}" Type="{RELATED}/{kind}" Target="{path}"/>' for key, kind, path in links
    )
    return f'<Relationships xmlns="{PACKAGE}">{found}</Relationships>'


# --- An archive whose part unpacks to far more than anybody would pack ---


def bomb(parts: dict[str, str | bytes], swollen: str, unit: bytes, times: int) -> bytes:
    """Return an archive of ``parts`` in which the one called ``swollen`` goes on with ``unit``, ``times`` over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(_bytes(parts[swollen])) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    data = start + piece * times + packer.flush()
    whole = {name: _raw(_bytes(content)) for name, content in parts.items()}
    whole[swollen] = (8, data, len(_bytes(parts[swollen])) + len(unit) * times)
    return _zipped(whole)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _raw(content: bytes) -> tuple[int, bytes, int]:
    return 0, content, len(content)


def _zipped(parts: dict[str, tuple[int, bytes, int]]) -> bytes:
    body, listing = b"", b""
    for name, (method, data, size) in parts.items():
        encoded, crc = name.encode(), zlib.crc32(data) if method == 0 else 0
        common = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 33, crc, len(data), size, len(encoded), 0)
        listing += (
            b"PK\x01\x02"
            + struct.pack("<H", 20)
            + common
            + struct.pack("<HHHII", 0, 0, 0, 0, len(body))
            + encoded
        )
        body += b"PK\x03\x04" + common + encoded + data
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(listing), len(body), 0)
    return body + listing + b"PK\x05\x06" + end


# --- ODS ---

_SPACES = ('xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
           ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
           ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
           ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"')  # fmt: skip


def ods_content(*tables: tuple[str, str]) -> str:
    inside = "".join(
        f"<table:table table:name={quoteattr(name)}>{rows}</table:table>" for name, rows in tables
    )
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><office:document-content {_SPACES}><office:body><office:spreadsheet>"
        f"{inside}</office:spreadsheet></office:body></office:document-content>"
    )


def ods(*tables: tuple[str, str]) -> bytes:
    return archive({"mimetype": ODS_MIME, "content.xml": ods_content(*tables)})


def ods_row(cells: Sequence[str]) -> str:
    return f"<table:table-row>{''.join(map(ods_cell, cells))}</table:table-row>"


def ods_cell(text: str) -> str:
    if not text:
        return "<table:table-cell/>"
    lines = "".join(f"<text:p>{_spaced(line)}</text:p>" for line in text.split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'


def _spaced(line: str) -> str:
    return escape(line).replace("\t", "<text:tab/>").replace(" ", "<text:s/>")


# --- Compound files, and the old workbooks in them ---


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a compound file with these streams, in sectors of 512 bytes; none of them is small."""
    sectors: list[bytes] = []
    fat: list[int] = []

    def add(data: bytes) -> int:
        start, count = len(sectors), -(-len(data) // 512)
        sectors.extend(data[n * 512 : n * 512 + 512].ljust(512, b"\x00") for n in range(count))
        fat.extend([*range(start + 1, start + count), 0xFFFFFFFE])
        return start

    entries = b""
    for name, data in streams.items():
        padded = data.ljust(4096, b"\x00")
        entries += _entry(name, 2, add(padded), len(padded))
    directory = add(_entry("Root Entry", 5, 0xFFFFFFFE, 0) + entries)
    needed = -(-(len(fat) + len(fat) // 127 + 2) // 128)
    first = len(sectors)
    fat += [0xFFFFFFFD] * needed
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(needed * 512, b"\xff")
    listed = [first + n if n < needed else 0xFFFFFFFF for n in range(109)]
    header = (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + bytes(6)
    )
    header += struct.pack("<IIIIIIIII", 0, needed, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return header + struct.pack("<109I", *listed) + b"".join(sectors) + table


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    title = name.encode("utf-16-le")
    entry = title.ljust(64, b"\x00") + struct.pack("<HBBIII", len(title) + 2, kind, 1, *[0xFFFFFFFF] * 3)
    return entry + bytes(36) + struct.pack("<IQ", start, size)


def record(kind: int, data: bytes = b"") -> bytes:
    """Return a record of an old workbook, which goes on in others where it is long."""
    first, rest = data[:8224], data[8224:]
    return struct.pack("<HH", kind, len(first)) + first + (record(0x3C, rest) if rest else b"")


def biff_text(text: str) -> bytes:
    units = text.encode("utf-16-le", "surrogatepass")
    return struct.pack("<HB", len(units) // 2, 1) + units


def xls(
    cells: Iterable[tuple[int, int, str]], *, before: bytes = b"", after: bytes = b"", texts: bytes = b""
) -> bytes:
    """Return an old workbook with a sheet of these texts at rows and columns, counted from 0.

    ``before`` and ``after`` are further records of the workbook, and of the sheet.
    """
    begin = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + before + texts
    name = "Sheet".encode("utf-16-le")
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + b"".join(_labels(cells)) + after
    place = len(begin) + 4 + 8 + len(name) + 4
    named = record(0x85, struct.pack("<IBBBB", place, 0, 0, len(name) // 2, 1) + name)
    return compound({"Workbook": begin + named + record(0x0A) + sheet + record(0x0A)})


def _labels(cells: Iterable[tuple[int, int, str]]) -> Iterator[bytes]:
    for row, column, text in cells:
        yield record(0x204, struct.pack("<HHH", row, column, 0) + biff_text(text))


# --- XLSB ---


def xlsb_record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(data), b""
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return head + length + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_row(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    return xlsb_record(
        0, struct.pack("<IIHBBB", number, 0, 300, 0, 0x10 if hidden else 0, 0) + struct.pack("<I", 0)
    ) + b"".join(cells)


def xlsb_inline(column: int, text: str) -> bytes:
    return xlsb_record(6, struct.pack("<II", column, 0) + _wide(text))


def xlsb_shared(column: int, number: int) -> bytes:
    return xlsb_record(7, struct.pack("<III", column, 0, number))


def xlsb_number(column: int, value: float, style: int = 0) -> bytes:
    return xlsb_record(5, struct.pack("<IId", column, style, value))


def xlsb(rows: bytes, texts: tuple[str, ...] = (), before: bytes = b"") -> bytes:
    return archive(xlsb_parts(rows, texts, before))


def xlsb_parts(rows: bytes, texts: tuple[str, ...] = (), before: bytes = b"") -> dict[str, str | bytes]:
    size = struct.pack("<IIII", 0, 10, 0, 10)
    sheet = (
        xlsb_record(129)
        + xlsb_record(148, size)
        + before
        + xlsb_record(145)
        + rows
        + xlsb_record(146)
        + xlsb_record(130)
    )
    book = (
        xlsb_record(131)
        + xlsb_record(143)
        + xlsb_record(156, struct.pack("<II", 0, 1) + _wide("r1") + _wide("Prices"))
        + xlsb_record(144)
        + xlsb_record(132)
    )
    styles = (
        xlsb_record(278)
        + xlsb_record(615, struct.pack("<I", 1))
        + xlsb_record(44, struct.pack("<H", 164) + _wide("000000"))
        + xlsb_record(616)
    )
    styles += xlsb_record(617, struct.pack("<I", 3))
    styles += b"".join(
        xlsb_record(47, struct.pack("<HHHHBBBBBB", 0, code, 0, 0, 0, 0, 0, 0, 0, 0)) for code in (0, 9, 164)
    )
    styles += xlsb_record(618) + xlsb_record(279)
    found = (
        xlsb_record(159, struct.pack("<II", len(texts), len(texts)))
        + b"".join(xlsb_record(19, b"\0" + _wide(t)) for t in texts)
        + xlsb_record(160)
    )
    links = "".join(
        f'<Relationship Id="{key}" Type="{RELATED}/{kind}" Target="{path}"/>'
        for key, kind, path in (
            ("r1", "worksheet", "worksheets/sheet1.bin"),
            ("r2", "sharedStrings", "sharedStrings.bin"),
            ("r3", "styles", "styles.bin"),
        )
    )
    return {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>',
        "xl/worksheets/sheet1.bin": sheet,
        "xl/sharedStrings.bin": found,
        "xl/styles.bin": styles,
    }
