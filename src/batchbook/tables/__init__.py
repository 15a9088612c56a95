"""Reading tables that people send, whatever their format, as rows of text."""

from __future__ import annotations

from batchbook.tables.reading import SUFFIXES, read_table
from batchbook.tables.table import Table, listed

__all__ = ["SUFFIXES", "Table", "listed", "read_table"]
