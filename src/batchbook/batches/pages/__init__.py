"""The pages of batches: what people can see and do with the batches of a type, each a page of its master view."""

from __future__ import annotations

from typing import Any

from batchbook.batches.pages.cell import EditCell
from batchbook.batches.pages.create import CreateBatch
from batchbook.batches.pages.detail import BatchDetail
from batchbook.batches.pages.fix import FixAlike
from batchbook.batches.pages.header import EditHeader
from batchbook.batches.pages.history import Download, History
from batchbook.batches.pages.infile import RowInFile
from batchbook.batches.pages.intake import IntakePage
from batchbook.batches.pages.life import (
    CloneBatch,
    CompleteBatch,
    DeleteBatch,
    ExecuteBatch,
    PopulateBatch,
    RefreshBatch,
    ReopenBatch,
)
from batchbook.batches.pages.many import ExecuteAll, RefreshAll
from batchbook.batches.pages.mapping import MappingPage
from batchbook.batches.pages.onerow import EditRow, RowPage
from batchbook.batches.pages.problems import ProblemsPage
from batchbook.batches.pages.rows import AddRow, QuickEntry, RemoveRow, RestoreRow
from batchbook.batches.pages.rowset import ExportRows, RememberRows, RemoveRows
from batchbook.batches.pages.schedule import ScheduleBatch, UnscheduleBatch
from batchbook.batches.pages.worksheets import (
    CompareWorksheet,
    DownloadProblems,
    DownloadWorksheet,
    UploadWorksheet,
)
from batchbook.master import Export, Index, Remember

#: What the master view of every batch type offers, in the order of the buttons.
BATCH_PAGES = (
    Index,
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
    RowInFile,
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
    FixAlike,
    History,
    Download,
)


def includeme(config: Any) -> None:
    """Add the pages that are over all types: the start page and the list of all batches."""
    config.include("batchbook.batches.pages.home")
    config.include("batchbook.batches.pages.everything")
