"""Reading all of a file that somebody sent, to tell what is in it before anything is decided."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import BinaryIO

from batchbook.tables.choices import Reading
from batchbook.tables.overview import inspect_source
from batchbook.tables.report import Report
from batchbook.tables.source import open_source

__all__ = ["inspect_table"]

_NOTHING_SAID = Reading()


def inspect_table(
    name: str, file: BinaryIO, said: Reading = _NOTHING_SAID, expected: Collection[str] = ()
) -> Report:
    """Return what is in ``file``, called ``name``, read as was ``said`` where anything was.

    ``expected`` are headings that are known, in lower case. Raises ``BadInput`` for what cannot be read, and for a
    table without a record.
    """
    size = file.seek(0, os.SEEK_END)
    return inspect_source(open_source(name, file, said, expected), size)
