"""The results of a grid as a file to download: CSV that streams, or a workbook."""

from __future__ import annotations

from collections.abc import Iterator

from pyramid.response import FileIter, Response

from batchbook.db import utc_now
from batchbook.db.session import transaction_scope
from batchbook.errors import BadInput, Missing
from batchbook.grid import csv_chunks, xlsx_file
from batchbook.master.gridview import GridView

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export_response(view: GridView, file_format: str, name: str) -> Response:
    """Return all rows of ``view``'s filters as a download called ``name`` and today's date.

    ``file_format`` is ``csv`` or ``xlsx``; raises ``Missing`` for another, and ``BadInput`` where a filter cannot
    be read.
    """
    if file_format not in _TYPES:
        raise Missing(f"Results can be downloaded as CSV or XLSX, not as “{file_format[:20]}”.")
    if view.state.problems:
        raise BadInput(
            f"{' '.join(view.state.problems)} Nothing was exported: more would be in it than you asked for."
        )
    response = Response(content_type=_TYPES[file_format].partition(";")[0])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{_today(view)}.{file_format}"'
    if file_format == "csv":
        response.charset = "utf-8"
        response.app_iter = _csv(view)
    else:
        rows = view.grid.all_rows(view.request.db, view.state, view.user)
        response.app_iter = FileIter(xlsx_file(view.columns, rows))
    return response


def _csv(view: GridView) -> Iterator[bytes]:
    # The server sends the rows after the request's transaction has ended, so the stream has one of its own.
    engine, state, user = view.request.registry["engine"], view.state, view.user

    def chunks() -> Iterator[bytes]:
        with transaction_scope(engine, read_only=True) as db:
            yield from csv_chunks(view.columns, view.grid.all_rows(db, state, user))

    return chunks()


def _today(view: GridView) -> str:
    return utc_now().astimezone(view.request.zone).strftime("%Y-%m-%d")
