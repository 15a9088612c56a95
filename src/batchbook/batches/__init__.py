"""The framework for batches. Authors of batch types import from here.

``batchbook.batches`` is the public API: header and row bases, the handler, statuses, and the classes views build on.
``config.add_batch_type`` registers a type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.batches.files import file_chunks, input_file, open_file, store_file
    from batchbook.batches.freeze import append_only, freeze_table, unfreeze_table
    from batchbook.batches.handler import BatchHandler, Callbacks, ExecutionPolicy, Outcome, QuickEntry, Total
    from batchbook.batches.handler_context import HandlerContext
    from batchbook.batches.intake.cell_reader import IntakeReader
    from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping
    from batchbook.batches.intake.file_inspection import Intake
    from batchbook.batches.intake.file_source import FileSource, stored_intake
    from batchbook.batches.lifecycle import Action, BatchPermission, State
    from batchbook.batches.models import Batch, BatchFile, BatchRow, column, editable
    from batchbook.batches.pages.batch_page import BatchPage
    from batchbook.batches.pages.routes import BATCH_PAGES
    from batchbook.batches.pages.view import BatchMasterView, RowTable
    from batchbook.batches.registry import BatchType, BatchTypes
    from batchbook.batches.rows.blocks import Block, RowValues
    from batchbook.batches.rows.issues import issue
    from batchbook.batches.rows.per_batch import DynamicRow
    from batchbook.batches.rows.row_columns import PerBatchRows, RowColumn
    from batchbook.batches.rows.scope import RowProxy, Rows
    from batchbook.batches.worksheets.batch_layout import RowLayout
    from batchbook.batches.worksheets.layout import Layout, SheetColumn, Worksheet
    from batchbook.statuses import Severity, Status
    from batchbook.tables import read_table

__all__ = [
    "BATCH_PAGES",
    "Action",
    "Batch",
    "BatchFile",
    "BatchHandler",
    "BatchMasterView",
    "BatchPage",
    "BatchPermission",
    "BatchRow",
    "BatchType",
    "BatchTypes",
    "Block",
    "Callbacks",
    "DynamicRow",
    "ExecutionPolicy",
    "FileSource",
    "HandlerContext",
    "Intake",
    "IntakeField",
    "IntakeMapping",
    "IntakeReader",
    "Layout",
    "Outcome",
    "PerBatchRows",
    "QuickEntry",
    "RowColumn",
    "RowLayout",
    "RowProxy",
    "RowTable",
    "RowValues",
    "Rows",
    "Severity",
    "SheetColumn",
    "State",
    "Status",
    "Total",
    "Worksheet",
    "append_only",
    "column",
    "editable",
    "file_chunks",
    "freeze_table",
    "input_file",
    "issue",
    "open_file",
    "read_table",
    "store_file",
    "stored_intake",
    "unfreeze_table",
]

if not TYPE_CHECKING:  # A type checker would take every name for one that is offered.
    __getattr__ = lazy_exports(
        __name__,
        {
            "batchbook.batches.files": ("file_chunks", "input_file", "open_file", "store_file"),
            "batchbook.batches.freeze": ("append_only", "freeze_table", "unfreeze_table"),
            "batchbook.batches.handler": (
                "BatchHandler",
                "Callbacks",
                "ExecutionPolicy",
                "Outcome",
                "QuickEntry",
                "Total",
            ),
            "batchbook.batches.handler_context": ("HandlerContext",),
            "batchbook.batches.intake.cell_reader": ("IntakeReader",),
            "batchbook.batches.intake.field_mapping": ("IntakeField", "IntakeMapping"),
            "batchbook.batches.intake.file_inspection": ("Intake",),
            "batchbook.batches.intake.file_source": ("FileSource", "stored_intake"),
            "batchbook.batches.lifecycle": ("Action", "BatchPermission", "State"),
            "batchbook.batches.models": ("Batch", "BatchFile", "BatchRow", "column", "editable"),
            "batchbook.batches.pages.batch_page": ("BatchPage",),
            "batchbook.batches.pages.routes": ("BATCH_PAGES",),
            "batchbook.batches.pages.view": ("BatchMasterView", "RowTable"),
            "batchbook.batches.registry": ("BatchType", "BatchTypes"),
            "batchbook.batches.rows.blocks": ("Block", "RowValues"),
            "batchbook.batches.rows.issues": ("issue",),
            "batchbook.batches.rows.per_batch": ("DynamicRow",),
            "batchbook.batches.rows.row_columns": ("PerBatchRows", "RowColumn"),
            "batchbook.batches.rows.scope": ("RowProxy", "Rows"),
            "batchbook.batches.worksheets.batch_layout": ("RowLayout",),
            "batchbook.batches.worksheets.layout": ("Layout", "SheetColumn", "Worksheet"),
            "batchbook.statuses": ("Severity", "Status"),
            "batchbook.tables": ("read_table",),
        },
    )


def includeme(config: Any) -> None:
    """Add the runner of actions, the directive ``config.add_batch_type``, and the pages over all types."""
    include_services(config)
    config.include("batchbook.batches.pages.routes")


def include_services(config: Any) -> None:
    """Add the runner of actions and the directive ``config.add_batch_type``."""
    config.include("batchbook.batches.directives")
