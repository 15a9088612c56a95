"""The framework for batches. Authors of batch types import from here.

``batchbook.batches`` is the public API: header and row bases, the handler, statuses, and the classes views build on.
``config.add_batch_type`` registers a type.
"""

from __future__ import annotations

from typing import Any

from pyramid.config import PHASE3_CONFIG

from batchbook.batches.files import file_chunks, input_file, open_file, store_file
from batchbook.batches.freeze import append_only, freeze_table, unfreeze_table
from batchbook.batches.handler import BatchHandler, Callbacks, ExecutionPolicy, Outcome, Total
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping
from batchbook.batches.intake.file_inspection import Intake
from batchbook.batches.intake.file_source import FileSource
from batchbook.batches.intake.intake_reader import IntakeReader
from batchbook.batches.intake.quick_entry import QuickEntry
from batchbook.batches.lifecycle import Action, BatchPermission, State
from batchbook.batches.models import Batch, BatchFile, BatchRow, column, editable
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.registry import BatchType, BatchTypes, refuse_unknown_handlers
from batchbook.batches.rows.blocks import Block, RowValues
from batchbook.batches.rows.issues import issue
from batchbook.batches.rows.per_batch import DynamicRow
from batchbook.batches.rows.row_columns import PerBatchRows, RowColumn
from batchbook.batches.rows.scope import RowProxy, Rows
from batchbook.batches.running.bulk_edits import BULK_EDITS
from batchbook.batches.running.recovery import recover_batches
from batchbook.batches.running.runner import InlineRunner, JobRunner, Runner
from batchbook.batches.running.tasks import TASKS
from batchbook.batches.worksheets.batch_layout import RowLayout
from batchbook.batches.worksheets.layout import Layout, SheetColumn, Worksheet
from batchbook.batches.worksheets.storage import TAKE_WORKSHEET
from batchbook.jobs.service import JobService
from batchbook.services import Services, services_of
from batchbook.statuses import Severity, Status
from batchbook.tables import read_table

__all__ = [
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
    "unfreeze_table",
]


def includeme(config: Any) -> None:
    """Add the directive ``config.add_batch_type``, the runner of actions, and the pages over all types."""
    types = BatchTypes()
    services = services_of(config.registry)
    services.add(BatchTypes, types)
    services.add(Runner, _runner(types, services))
    for task in (*TASKS, *BULK_EDITS, TAKE_WORKSHEET):
        config.add_job_task(task)
    services.get(JobService).upkeep.append(recover_batches)
    config.add_directive("add_batch_type", "batchbook.batches.directives.add_batch_type")
    config.include("batchbook.batches.pages")
    config.action(
        "batch handlers",
        lambda: refuse_unknown_handlers(config.registry.settings, types),
        order=PHASE3_CONFIG + 1,  # Types register themselves in that phase.
    )


def _runner(types: BatchTypes, services: Services) -> Runner:
    jobs = services.get(JobService)
    if jobs.in_background:
        return JobRunner(types, services.settings, jobs)
    return InlineRunner(types, services.settings)
