"""Records of old Excel workbooks."""

from __future__ import annotations

import struct

from tests.tables.file_builders import record, xls
from tests.tables.sources import opened, records

from batchbook.tables.report import Reading


def test_texts_of_an_old_workbook_go_on_in_other_records() -> None:
    texts = ["x" * 5000, "ä€" * 3000, "last"]
    first = (
        struct.pack("<II", 3, 3)
        + struct.pack("<HB", 5000, 0)
        + texts[0].encode()
        + struct.pack("<HB", 6000, 1)
    )
    wide = texts[1].encode("utf-16-le")
    # The second text goes on in two more records, each of which says again how wide its characters are.
    parts = [
        first + wide[:2000],
        b"\x01" + wide[2000:9000],
        b"\x01" + wide[9000:] + struct.pack("<HB", 4, 0) + b"last",
    ]
    shared = b"".join(
        struct.pack("<HH", 0x3C if n else 0xFC, len(part)) + part for n, part in enumerate(parts)
    )
    cells = b"".join(record(0xFD, struct.pack("<HHHI", n, 0, 0, n)) for n in range(3))
    source = opened(xls([], texts=shared, after=cells), "list.xls", Reading(header_row=0))
    assert records(source) == [[text] for text in texts]
