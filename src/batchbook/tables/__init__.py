"""Tables that people upload, of whatever format: opened, inspected, and read as rows of text.

``read_table`` reads a table whose columns are known. ``inspect_table`` reports on a file nobody knows yet, ``open_source``
reads its records as that report, or a person, says; ``normalise`` makes plain texts of its cells.
"""

from __future__ import annotations

from batchbook.tables.formats.file_type import SUFFIXES
from batchbook.tables.source import Table, read_table

__all__ = ["SUFFIXES", "Table", "read_table"]
