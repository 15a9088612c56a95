"""The framework for batches, and its public API for authors of batch types.

It has the bases of headers, rows and handlers, statuses, and the classes that views build on.
``config.add_batch_type`` registers a type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.batches.effects.declaration import Reversing as Reversing
    from batchbook.batches.effects.declaration import TargetRecords as TargetRecords
    from batchbook.batches.effects.models import Effect as Effect
    from batchbook.batches.files import file_chunks as file_chunks
    from batchbook.batches.files import input_file as input_file
    from batchbook.batches.files import open_file as open_file
    from batchbook.batches.files import store_file as store_file
    from batchbook.batches.freeze import append_only as append_only
    from batchbook.batches.freeze import freeze_table as freeze_table
    from batchbook.batches.freeze import unfreeze_table as unfreeze_table
    from batchbook.batches.handler import BatchHandler as BatchHandler
    from batchbook.batches.handler import LinkedBatch as LinkedBatch
    from batchbook.batches.handler import Outcome as Outcome
    from batchbook.batches.handler import Total as Total
    from batchbook.batches.handler_context import HandlerContext as HandlerContext
    from batchbook.batches.handler_declarations import Callbacks as Callbacks
    from batchbook.batches.handler_declarations import Duplicates as Duplicates
    from batchbook.batches.handler_declarations import ExecutionPolicy as ExecutionPolicy
    from batchbook.batches.handler_declarations import NumberChange as NumberChange
    from batchbook.batches.handler_declarations import TouchedRecords as TouchedRecords
    from batchbook.batches.intake.cell_reader import IntakeReader as IntakeReader
    from batchbook.batches.intake.field_mapping import IntakeField as IntakeField
    from batchbook.batches.intake.field_mapping import IntakeMapping as IntakeMapping
    from batchbook.batches.intake.file_inspection import Intake as Intake
    from batchbook.batches.intake.file_source import FileSource as FileSource
    from batchbook.batches.intake.file_source import stored_intake as stored_intake
    from batchbook.batches.lifecycle import Action as Action
    from batchbook.batches.lifecycle import BatchPermission as BatchPermission
    from batchbook.batches.lifecycle import State as State
    from batchbook.batches.lookups import Lookup as Lookup
    from batchbook.batches.matching.declaration import MatchedRecords as MatchedRecords
    from batchbook.batches.matching.declaration import MatchedRow as MatchedRow
    from batchbook.batches.matching.declaration import Matching as Matching
    from batchbook.batches.matching.declaration import MatchMemory as MatchMemory
    from batchbook.batches.matching.declaration import NewRecords as NewRecords
    from batchbook.batches.matching.declaration import RememberedMatch as RememberedMatch
    from batchbook.batches.matching.similar_records import SimilarRecord as SimilarRecord
    from batchbook.batches.matching.similar_records import SimilarRecords as SimilarRecords
    from batchbook.batches.models import Batch as Batch
    from batchbook.batches.models import BatchFile as BatchFile
    from batchbook.batches.models import BatchRow as BatchRow
    from batchbook.batches.models import column as column
    from batchbook.batches.models import editable as editable
    from batchbook.batches.models import number_in_sql as number_in_sql
    from batchbook.batches.pages.batch_page import BatchPage as BatchPage
    from batchbook.batches.pages.routes import BATCH_PAGES as BATCH_PAGES
    from batchbook.batches.pages.view import BatchMasterView as BatchMasterView
    from batchbook.batches.pages.view import RowTable as RowTable
    from batchbook.batches.policies.declaration import Limit as Limit
    from batchbook.batches.policies.declaration import Policy as Policy
    from batchbook.batches.policies.field_rules import FieldAccess as FieldAccess
    from batchbook.batches.policies.field_rules import FieldRule as FieldRule
    from batchbook.batches.quick_entry import QuickEntry as QuickEntry
    from batchbook.batches.record_update import RecordUpdate as RecordUpdate
    from batchbook.batches.record_update import is_repeated as is_repeated
    from batchbook.batches.registry import BatchType as BatchType
    from batchbook.batches.registry import BatchTypes as BatchTypes
    from batchbook.batches.review.overlap import count_open_batches as count_open_batches
    from batchbook.batches.rows.issues import issue as issue
    from batchbook.batches.rows.per_batch import DynamicRow as DynamicRow
    from batchbook.batches.rows.row_columns import PerBatchRows as PerBatchRows
    from batchbook.batches.rows.row_columns import RowColumn as RowColumn
    from batchbook.batches.rows.row_values import Block as Block
    from batchbook.batches.rows.row_values import RowValues as RowValues
    from batchbook.batches.rows.scope import RowProxy as RowProxy
    from batchbook.batches.rows.scope import Rows as Rows
    from batchbook.batches.rows.storage import row_key as row_key
    from batchbook.batches.rows.storage import update_from as update_from
    from batchbook.batches.scans import Scan as Scan
    from batchbook.batches.scans import read_scan as read_scan
    from batchbook.batches.sources.declaration import FromBatch as FromBatch
    from batchbook.batches.sources.declaration import FromSearch as FromSearch
    from batchbook.batches.sources.declaration import Source as Source
    from batchbook.batches.sources.destinations import types_made_by_execution as types_made_by_execution
    from batchbook.batches.sources.destinations import why_not_made as why_not_made
    from batchbook.batches.worksheets.batch_layout import RowLayout as RowLayout
    from batchbook.batches.worksheets.layout import Layout as Layout
    from batchbook.batches.worksheets.layout import SheetColumn as SheetColumn
    from batchbook.batches.worksheets.layout import Worksheet as Worksheet
    from batchbook.statuses import LookupStatus as LookupStatus
    from batchbook.statuses import Severity as Severity
    from batchbook.statuses import Status as Status
    from batchbook.statuses import UpdateStatus as UpdateStatus
    from batchbook.tables import read_table as read_table
    from batchbook.tables.normalise.dates import iso_day as iso_day
    from batchbook.tables.normalise.dates import iso_moment as iso_moment
    from batchbook.tables.report import ColumnReport as ColumnReport
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Add the runner of actions, the directive ``config.add_batch_type``, and the pages over all types."""
    include_services(config)
    config.include("batchbook.batches.pages.routes")


def include_services(config: Any) -> None:
    """Add the runner of actions and the directive ``config.add_batch_type``."""
    config.include("batchbook.batches.directives")
