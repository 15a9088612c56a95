"""Grids: columns, filters, sorts and pages over a query, cells parsed and shown, results exported.

This package knows models and SQL, not HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchbook.grid.cells import CellError, Conventions, parse, parser_for, render, to_text
from batchbook.grid.columns import Choice, Column, Kind, choices_of, columns_of, kind_of, label_of
from batchbook.grid.filters import condition, read_values
from batchbook.grid.query import Grid, Window
from batchbook.grid.query_string import DEFAULT_PAGE_SIZE, PAGE_SIZES
from batchbook.grid.state import GridState, Params, has_grid_params
from batchbook.grid.verbs import VERB_LABELS, VERBS, Filter, Sort, Verb, value_count
from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.grid.export import csv_chunks, xlsx_file

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "PAGE_SIZES",
    "VERBS",
    "VERB_LABELS",
    "CellError",
    "Choice",
    "Column",
    "Conventions",
    "Filter",
    "Grid",
    "GridState",
    "Kind",
    "Params",
    "Sort",
    "Verb",
    "Window",
    "choices_of",
    "columns_of",
    "condition",
    "csv_chunks",
    "has_grid_params",
    "kind_of",
    "label_of",
    "parse",
    "parser_for",
    "read_values",
    "render",
    "to_text",
    "value_count",
    "xlsx_file",
]

if not TYPE_CHECKING:  # Its library for workbooks is one that few who import a grid need.
    __getattr__ = lazy_exports(__name__, {"batchbook.grid.export": ("csv_chunks", "xlsx_file")})
