"""Which layout the worksheets of a batch have."""

from __future__ import annotations

from batchbook.batches.work import Work
from batchbook.batches.worksheets.filelayout import file_layout
from batchbook.batches.worksheets.layout import Layout, row_layout


def layout_of(work: Work) -> Layout:
    """Return the layout of a batch: its handler's own, that of the file it was made from, or that of its row grid."""
    own: Layout | None = work.handler.worksheet_layout(work.batch)
    return own or file_layout(work) or row_layout(work)
