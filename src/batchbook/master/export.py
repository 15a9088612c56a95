"""Exports of a grid: CSV that streams, or a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Protocol

from pyramid.response import FileIter, Response
from sqlalchemy import Engine, Row

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Missing
from batchbook.grid import Column, csv_chunks, xlsx_file
from batchbook.master.grid_sources import GridReference
from batchbook.master.grid_view import GridView

#: What kind of content each format is.
CONTENT_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class BigExports(Protocol):
    """Has the files of big exports made outside the request; a service, where jobs are there to make them."""

    def are(self, count: int) -> bool:
        """Return whether an export of ``count`` rows is big."""

    def enqueue(self, request: Any, reference: GridReference, file_format: str, file_name: str) -> str:
        """Enqueue the job that makes the file of a grid; return the address to go on to."""


def check_export(view: GridView, file_format: str) -> None:
    """Raise ``Missing`` for a format that there is not, and ``BadInput`` where a filter cannot be read."""
    if file_format not in CONTENT_TYPES:
        raise Missing(f"Results can be downloaded as CSV or XLSX, not as “{file_format[:20]}”.")
    if view.state.problems:
        raise BadInput(
            f"{' '.join(view.state.problems)} Nothing was exported: more would be in it than you asked for."
        )


def export_name(view: GridView, file_format: str, name: str) -> str:
    """Return the name of a file that is called ``name`` and today's date."""
    zone = view.request.zone
    return f"{name}-{utc_now().astimezone(zone).strftime('%Y-%m-%d')}.{file_format}"


def export_response(view: GridView, file_format: str, name: str) -> Response:
    """Return all rows of ``view``'s filters as a download called ``name`` and today's date.

    ``file_format`` is ``csv`` or ``xlsx``; raises as :func:`check_export` does.
    """
    check_export(view, file_format)
    response = Response(content_type=CONTENT_TYPES[file_format])
    response.headers["Content-Disposition"] = f'attachment; filename="{export_name(view, file_format, name)}"'
    if file_format == "csv":
        response.charset = "utf-8"
        response.app_iter = _csv(view)
    else:
        rows = view.grid.all_rows(view.request.db, view.state, view.user)
        response.app_iter = FileIter(xlsx_file(view.columns, rows))
    return response


def write_export(
    columns: Sequence[Column], file_format: str, rows: Iterable[Row[Any]], file: BinaryIO
) -> None:
    """Write ``rows`` into ``file`` as they come: never are all of them in memory."""
    if file_format == "csv":
        file.writelines(csv_chunks(columns, rows))
        return
    with xlsx_file(columns, rows) as made:
        file.writelines(FileIter(made))


def _csv(view: GridView) -> Iterator[bytes]:
    # The server sends the rows after the request's transaction has ended, so the stream has one of its own.
    engine, state, user = view.request.services.get(Engine), view.state, view.user

    def chunks() -> Iterator[bytes]:
        with transaction_scope(engine, read_only=True) as db:
            yield from csv_chunks(view.columns, view.grid.all_rows(db, state, user))

    return chunks()
