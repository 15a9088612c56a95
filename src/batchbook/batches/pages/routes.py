"""Routes of batches: the pages of every batch type, and the lists over all types."""

from __future__ import annotations

from typing import Any

from batchbook.batches.pages.batch.detail import BatchDetail, Download, History
from batchbook.batches.pages.batch.header_forms import CreateBatch, EditHeader
from batchbook.batches.pages.batch.index_actions import BatchIndex, ExecuteAll, RefreshAll
from batchbook.batches.pages.batch.lifecycle_actions import (
    CloneBatch,
    CompleteBatch,
    DeleteBatch,
    ExecuteBatch,
    PopulateBatch,
    RefreshBatch,
    ReopenBatch,
)
from batchbook.batches.pages.batch.schedule_page import ScheduleBatch, UnscheduleBatch
from batchbook.batches.pages.file.inspection_page import IntakePage
from batchbook.batches.pages.file.mapping_page import MappingPage
from batchbook.batches.pages.rows.problem_pages import FixSimilar, ProblemsPage
from batchbook.batches.pages.rows.row import EditCell, EditRow, RowPage
from batchbook.batches.pages.rows.row_actions import AddRow, QuickEntry, RemoveRow, RestoreRow
from batchbook.batches.pages.rows.row_grid import open_batch_rows
from batchbook.batches.pages.rows.selection import ExportRows, RememberRows, RemoveRows
from batchbook.batches.pages.rows.source_row import SourceRowPage
from batchbook.batches.pages.rows.worksheet_pages import (
    WORKSHEET,
    CompareWorksheet,
    DownloadProblems,
    DownloadWorksheet,
    UploadWorksheet,
    open_worksheet,
)
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.registry import BatchType
from batchbook.batches.running.bulk_edits import BATCH_ROWS, BULK_EDITS
from batchbook.batches.worksheets.storage import TAKE_WORKSHEET
from batchbook.master import Export, Remember

#: What the master view of every batch type offers, in the order of the buttons.
BATCH_PAGES = (
    BatchIndex,
    Remember,
    Export,
    CreateBatch,
    RefreshAll,
    ExecuteAll,
    BatchDetail,
    IntakePage,
    MappingPage,
    PopulateBatch,
    CompleteBatch,
    ReopenBatch,
    RefreshBatch,
    AddRow,
    EditHeader,
    CloneBatch,
    DeleteBatch,
    ExecuteBatch,
    ScheduleBatch,
    UnscheduleBatch,
    RowPage,
    SourceRowPage,
    EditRow,
    EditCell,
    RemoveRow,
    RestoreRow,
    QuickEntry,
    RememberRows,
    ExportRows,
    RemoveRows,
    DownloadWorksheet,
    DownloadProblems,
    UploadWorksheet,
    CompareWorksheet,
    ProblemsPage,
    FixSimilar,
    History,
    Download,
)


def bound_view(view: type[BatchMasterView], batch_type: BatchType) -> type[BatchMasterView]:
    """Return a subclass of ``view`` with what the registered type gives it: model, names, addresses, and pages."""
    data = {
        "batch_type": batch_type,
        "model": batch_type.header,
        "prefix": f"batches.{batch_type.key}",
        "path": f"/batches/{batch_type.path}",
        "title": batch_type.title_plural,
        "title_one": batch_type.title.lower(),
        "pages": view.pages or BATCH_PAGES,
        "__module__": view.__module__,
        "__doc__": view.__doc__,
    }
    return type(view.__name__, (view,), data)


def includeme(config: Any) -> None:
    """Add the pages that are over all types, and the grids of batches that jobs open again."""
    config.add_directive("add_batch_pages", "batchbook.batches.pages.directive.add_batch_pages")
    for task in (*BULK_EDITS, TAKE_WORKSHEET):
        config.add_job_task(task)
    config.include("batchbook.batches.pages.lists")
    config.add_grid_source(BATCH_ROWS, open_batch_rows)
    config.add_grid_source(WORKSHEET, open_worksheet)
