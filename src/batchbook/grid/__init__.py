"""Grids: columns, filters, sorts and pages over a query, cells parsed and shown, results exported.

This package knows models and SQL, not HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.grid.cells import CellError as CellError
    from batchbook.grid.cells import Conventions as Conventions
    from batchbook.grid.cells import parse as parse
    from batchbook.grid.cells import parser_for as parser_for
    from batchbook.grid.cells import render as render
    from batchbook.grid.cells import to_text as to_text
    from batchbook.grid.column_layout import Density as Density
    from batchbook.grid.column_layout import GridLayout as GridLayout
    from batchbook.grid.columns import Choice as Choice
    from batchbook.grid.columns import Column as Column
    from batchbook.grid.columns import Kind as Kind
    from batchbook.grid.columns import choices_of as choices_of
    from batchbook.grid.columns import columns_of as columns_of
    from batchbook.grid.columns import kind_of as kind_of
    from batchbook.grid.columns import label_of as label_of
    from batchbook.grid.export import csv_chunks as csv_chunks
    from batchbook.grid.export import rows_of as rows_of
    from batchbook.grid.export import xlsx_file as xlsx_file
    from batchbook.grid.filters import condition as condition
    from batchbook.grid.filters import read_values as read_values
    from batchbook.grid.filters import same_as as same_as
    from batchbook.grid.key_cache import KeyCache as KeyCache
    from batchbook.grid.number_formats import NumberFormat as NumberFormat
    from batchbook.grid.number_formats import canonical_text as canonical_text
    from batchbook.grid.number_formats import shown_text as shown_text
    from batchbook.grid.parsers import CANONICAL as CANONICAL
    from batchbook.grid.query import Grid as Grid
    from batchbook.grid.query import Window as Window
    from batchbook.grid.references import Reference as Reference
    from batchbook.grid.rounding import ROUNDINGS as ROUNDINGS
    from batchbook.grid.rounding import Rounding as Rounding
    from batchbook.grid.rounding import rounded as rounded
    from batchbook.grid.state import GridState as GridState
    from batchbook.grid.state import Params as Params
    from batchbook.grid.state import has_grid_params as has_grid_params
    from batchbook.grid.state import with_filters_of as with_filters_of
    from batchbook.grid.state_params import DEFAULT_PAGE_SIZE as DEFAULT_PAGE_SIZE
    from batchbook.grid.state_params import PAGE_SIZES as PAGE_SIZES
    from batchbook.grid.verbs import VERB_LABELS as VERB_LABELS
    from batchbook.grid.verbs import VERBS as VERBS
    from batchbook.grid.verbs import Filter as Filter
    from batchbook.grid.verbs import Sort as Sort
    from batchbook.grid.verbs import Verb as Verb
    from batchbook.grid.verbs import value_count as value_count
    from batchbook.grid.verbs import verbs_of as verbs_of
    from batchbook.grid.windows import RowWindow as RowWindow
    from batchbook.grid.windows import Snapshot as Snapshot
    from batchbook.grid.windows import Windows as Windows
else:
    __getattr__ = lazy_exports(__name__)
