"""Routes of batches: the pages that every batch type has, their registration, and the lists over all types."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from pyramid.exceptions import ConfigurationError

from batchbook.batches import access
from batchbook.batches.directives import resolved
from batchbook.batches.editing import editable_columns
from batchbook.batches.lifecycle import Action, BatchPermission
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch.changes_page import (
    CHANGES,
    ChangedCells,
    ChangesLayout,
    ExportChanges,
    RememberChanges,
    open_changes,
)
from batchbook.batches.pages.batch.comments_page import AddComment, Comments, SeenComments
from batchbook.batches.pages.batch.detail import BatchDetail, Download, History
from batchbook.batches.pages.batch.dry_run_page import DryRunBatch, DryRunFile
from batchbook.batches.pages.batch.hand_over_page import HandOverBatch
from batchbook.batches.pages.batch.header_forms import FILE_FIELD, PASTED_FIELD, CreateBatch, EditHeader
from batchbook.batches.pages.batch.index_actions import BatchIndex, ExecuteAll, HandOverAll, RefreshAll
from batchbook.batches.pages.batch.large_changes import LargeChanges
from batchbook.batches.pages.batch.lifecycle_actions import (
    ApproveBatch,
    CloneBatch,
    CompleteBatch,
    DeleteBatch,
    ExecuteBatch,
    PopulateBatch,
    RefreshBatch,
    ReopenBatch,
    ReverseBatch,
    SendBackBatch,
)
from batchbook.batches.pages.batch.make_page import MakeBatch, records_menu_links
from batchbook.batches.pages.batch.replay_page import ReplayCorrections
from batchbook.batches.pages.batch.schedule_page import ScheduleBatch, UnscheduleBatch
from batchbook.batches.pages.batch.undo_pages import Redo, Undo, UndoOperation
from batchbook.batches.pages.file.inspection_page import IntakePage
from batchbook.batches.pages.file.mapping_page import MappingPage
from batchbook.batches.pages.file.template_page import DownloadTemplate, NewTemplate
from batchbook.batches.pages.rows.cell_history import CellHistory
from batchbook.batches.pages.rows.cells_endpoint import EditCell, EditCells
from batchbook.batches.pages.rows.change_page import ChangeColumn, FindAndReplace
from batchbook.batches.pages.rows.cluster_page import ClusterPage
from batchbook.batches.pages.rows.duplicate_pages import DuplicatesPage
from batchbook.batches.pages.rows.facet_pages import RowFacet, RowFacets
from batchbook.batches.pages.rows.kept_problems import KeptProblems
from batchbook.batches.pages.rows.lookup_endpoint import LookUp
from batchbook.batches.pages.rows.match_pages import MakeNewRecords, MatchesPage, TakeMatch, UndoMatch
from batchbook.batches.pages.rows.problem_pages import FixSimilar, ProblemsPage
from batchbook.batches.pages.rows.quick_entry_page import QuickEntry
from batchbook.batches.pages.rows.row import EditRow, RowPage, SourceRowPage
from batchbook.batches.pages.rows.row_actions import (
    AddRow,
    RemoveRow,
    RemoveRows,
    RestoreRow,
    RestoreRows,
)
from batchbook.batches.pages.rows.row_grid import (
    ChooseExport,
    ExportRows,
    RememberRowLayout,
    RememberRows,
    open_batch_rows,
)
from batchbook.batches.pages.rows.together_pages import ChangesSince, NotePresence, TheseRows
from batchbook.batches.pages.rows.visits import MarkSeen
from batchbook.batches.pages.rows.window_pages import FindRow, RowsWindow, RowTexts, SummarizeRows
from batchbook.batches.pages.rows.worksheet_pages import (
    WORKSHEET,
    CompareWorksheet,
    DownloadProblems,
    DownloadWorksheet,
    UploadWorksheet,
    open_worksheet,
)
from batchbook.batches.pages.view import COMMON, FILTERS, BatchMasterView, RowTable
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.registry import BatchType
from batchbook.batches.review.overlap import OverlapCounts
from batchbook.batches.running.bulk_edits import BATCH_ROWS, BULK_EDITS
from batchbook.batches.type_checks import check_class
from batchbook.batches.worksheets.uploads import TAKE_WORKSHEET
from batchbook.declarations import (
    instance_of,
    is_texts,
    mapping_of,
    refuse_misspelt,
    refuse_wrong,
    refuse_wrong_method,
    sequence_of,
)
from batchbook.forms import form_of
from batchbook.grid import Column, GridLayout
from batchbook.master import GRID_PAGES, Page
from batchbook.services import services_of

#: The pages of every batch type, in the order of their buttons.
BATCH_PAGES = (
    BatchIndex,
    *GRID_PAGES,
    CreateBatch,
    MakeBatch,
    NewTemplate,
    RefreshAll,
    ExecuteAll,
    HandOverAll,
    BatchDetail,
    IntakePage,
    MappingPage,
    PopulateBatch,
    CompleteBatch,
    SendBackBatch,
    ReopenBatch,
    DryRunBatch,
    DryRunFile,
    RefreshBatch,
    AddRow,
    EditHeader,
    ReplayCorrections,
    CloneBatch,
    ReverseBatch,
    HandOverBatch,
    DeleteBatch,
    ApproveBatch,
    ExecuteBatch,
    LargeChanges,
    ScheduleBatch,
    UnscheduleBatch,
    RowPage,
    SourceRowPage,
    EditRow,
    EditCell,
    EditCells,
    RemoveRow,
    RestoreRow,
    QuickEntry,
    RememberRows,
    MarkSeen,
    RowFacets,
    RowFacet,
    ClusterPage,
    RememberRowLayout,
    ChooseExport,
    ExportRows,
    ChangesSince,
    TheseRows,
    NotePresence,
    RowsWindow,
    FindRow,
    SummarizeRows,
    RowTexts,
    RemoveRows,
    RestoreRows,
    ChangeColumn,
    DownloadTemplate,
    FindAndReplace,
    LookUp,
    DownloadWorksheet,
    DownloadProblems,
    UploadWorksheet,
    CompareWorksheet,
    ProblemsPage,
    FixSimilar,
    DuplicatesPage,
    MatchesPage,
    TakeMatch,
    UndoMatch,
    MakeNewRecords,
    Comments,
    AddComment,
    SeenComments,
    History,
    Undo,
    Redo,
    UndoOperation,
    CellHistory,
    ChangedCells,
    ChangesLayout,
    RememberChanges,
    ExportChanges,
    Download,
)


class FurtherPages(list[type[Page]]):
    """The pages that other packages add to those of every batch type. One per application, among the services."""


def add_batch_page(config: Any, page: type[Page]) -> None:
    """Directive: give all batch types that are registered later the page ``page``, behind their own ones."""
    services_of(config.registry).get(FurtherPages).append(page)


def bound_view(
    view: type[BatchMasterView], batch_type: BatchType, further: Sequence[type[Page]] = ()
) -> type[BatchMasterView]:
    """Return a subclass of ``view`` with the model, names and addresses of the registered type, its pages and ``further`` ones."""
    data = {
        "batch_type": batch_type,
        "model": batch_type.header,
        "prefix": f"batches.{batch_type.key}",
        "path": f"/batches/{batch_type.path}",
        "title": batch_type.title_plural,
        "title_one": batch_type.title.lower(),
        "description": view.description or getattr(batch_type.header, "__description__", ""),
        "pages": (*(view.pages or BATCH_PAGES), *further),
        "__module__": view.__module__,
        "__doc__": view.__doc__,
    }
    return type(view.__name__, (view,), data)


def add_batch_pages(config: Any, batch_type: BatchType) -> None:
    """Directive: register the pages of ``batch_type``, and its entry in the navigation.

    Raises ``ConfigurationError`` where its view class cannot work.
    """
    check_class(batch_type.key, "view", resolved(config, "view", batch_type.view_name), BatchMasterView)
    refuse_misspelt(f"The view of batch type {batch_type.key!r}", batch_type.view, BatchMasterView)
    for method in ("__init__", "form", "label_of", "lock_of", "suggestions"):
        refuse_wrong_method(batch_type.view, method, BatchMasterView)
    _check_declared(batch_type)
    _refuse_taken_names(batch_type.header)
    view = bound_view(batch_type.view, batch_type, services_of(config.registry).get(FurtherPages))
    config.add_master_view(view)
    _check_view(batch_type, view)
    readers = tuple(
        access.permission(batch_type.key, name) for name in (BatchPermission.VIEW, BatchPermission.AUDIT)
    )
    config.add_navigation(
        batch_type.title_plural, f"batches.{batch_type.key}.index", readers, group="Batches", order=20
    )


_DECLARED = {
    "row_table": instance_of(RowTable, 'a RowTable, such as RowTable(("item_code", "price"))'),
    "header_fields": sequence_of(str, 'a tuple of names of fields, such as ("printer",)'),
    "field_groups": mapping_of(
        str, is_texts, 'a mapping of headings to tuples of fields, such as {"Paper": ("size",)}'
    ),
    "pages": sequence_of(object, "a tuple of pages, such as (*BATCH_PAGES, MyPage)"),
}
_ROW_TABLE = dict.fromkeys(
    ("columns", "filter_columns"),
    sequence_of((str, Column), 'a tuple of names of columns, such as ("item_code",)'),
) | {"layout": instance_of(GridLayout, 'a GridLayout, such as GridLayout(hidden={"size"})')}


def _check_declared(batch_type: BatchType) -> None:
    """Raise ``ConfigurationError`` for what the type's view declares and could not work."""
    view = batch_type.view
    refuse_wrong(view.__name__, {name: getattr(view, name) for name in _DECLARED}, _DECLARED)
    table = view.row_table
    refuse_wrong(
        f"{view.__name__}.row_table", {name: getattr(table, name) for name in _ROW_TABLE}, _ROW_TABLE
    )


def _refuse_taken_names(header: type[Batch]) -> None:
    """Refuse a column of the header that is called like one by which lists of all types are shown or filtered."""
    of_all = {column.name for column in (*COMMON, *FILTERS)}
    for name in sorted(of_all & {*header.__table__.columns.keys()}):
        raise ConfigurationError(
            f"The model {header.__name__} in {header.__module__} has a column {name}, which every list of batches has"
            " already: give it another name."
        )


def _check_view(batch_type: BatchType, view: type[BatchMasterView]) -> None:
    try:
        columns = view.row_table.all_columns(batch_type.row, batch_type.handler.statuses, EVERYTHING)
        if type(view.row_table) is RowTable:  # The columns of another one may depend on the batch.
            view.row_table.layout.check(columns)
        _check_header_form(view)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"The view of batch type {batch_type.key!r} cannot work: {error}") from error
    unknown = [page.__name__ for page in view.pages if page.on_record and page.permission not in list(Action)]
    if unknown:
        raise ConfigurationError(
            f"The view of batch type {batch_type.key!r} has pages of a batch whose permission is no action of the"
            f" lifecycle: {', '.join(unknown)}."
        )


def _check_header_form(view: type[BatchMasterView]) -> None:
    """Raise ``ValueError`` where the view names a field that the header's form does not have."""
    editable = {column.name for column in editable_columns(view.model, EVERYTHING, new=True)}
    for name in view.header_fields:
        if name not in editable:
            raise ValueError(
                f"header_fields has {name!r}, which is no name of an editable column of the header."
            )
    form_of(view.model, view.header_fields)
    fields = {*(view.header_fields or editable), FILE_FIELD, PASTED_FIELD}
    for name in chain.from_iterable(view.field_groups.values()):
        if name not in fields:
            raise ValueError(f"field_groups has {name!r}, which is no field of the header's form.")


def includeme(config: Any) -> None:
    """Register the lists over all types, the tasks of bulk edits, and the grids that jobs open again."""
    services_of(config.registry).add(FurtherPages, FurtherPages())
    config.add_directive("add_batch_pages", "batchbook.batches.pages.routes.add_batch_pages")
    config.add_directive("add_batch_page", "batchbook.batches.pages.routes.add_batch_page")
    for task in (*BULK_EDITS, TAKE_WORKSHEET):
        config.add_job_task(task)
    config.include("batchbook.batches.pages.lists")
    config.include("batchbook.batches.pages.retention_pages")
    config.include("batchbook.batches.pages.policies")
    config.include("batchbook.batches.pages.field_rules_page")
    config.include("batchbook.batches.pages.edit_reasons")
    config.add_list_menu("Make a batch of these", records_menu_links)
    config.add_grid_source(BATCH_ROWS, open_batch_rows)
    services_of(config.registry).add(OverlapCounts, OverlapCounts())
    services_of(config.registry).add(KeptProblems, KeptProblems())
    config.add_grid_source(CHANGES, open_changes)
    config.add_grid_source(WORKSHEET, open_worksheet)
