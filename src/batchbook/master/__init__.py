"""The generic master view: index, view, create, edit, delete and export over a grid and a form.

Its parts are usable alone: :class:`GridView` is a grid inside any page, :mod:`batchbook.master.records` loads, saves
and deletes without lost updates, :mod:`batchbook.master.conflicts` puts together what two people wrote.
"""

from __future__ import annotations

from typing import Any

from batchbook.master.direct_edits import add_batch_only_link
from batchbook.master.export import export_response
from batchbook.master.form_pages import Create, Delete, Edit, FormPage
from batchbook.master.grid_sources import INDEX, Caller, GridReference, OpenGrid
from batchbook.master.grid_view import GridView
from batchbook.master.links import GridLinks, default_link
from batchbook.master.models import GridSetting
from batchbook.master.record_pages import Detail, Export, ExportPage, Index, Remember
from batchbook.master.records import Invalid
from batchbook.master.routes import PAGES, add_master_view, open_index
from batchbook.master.row_cells import EditableCell, TableRow, key_url, table_rows
from batchbook.master.view import (
    Button,
    DirectChange,
    MasterContext,
    MasterView,
    Page,
    RecordContext,
    RecordHooks,
    buttons_for,
)

__all__ = [
    "PAGES",
    "Button",
    "Caller",
    "Create",
    "Delete",
    "Detail",
    "DirectChange",
    "Edit",
    "EditableCell",
    "Export",
    "ExportPage",
    "FormPage",
    "GridLinks",
    "GridReference",
    "GridSetting",
    "GridView",
    "Index",
    "Invalid",
    "MasterContext",
    "MasterView",
    "OpenGrid",
    "Page",
    "RecordContext",
    "RecordHooks",
    "Remember",
    "TableRow",
    "add_batch_only_link",
    "add_master_view",
    "buttons_for",
    "default_link",
    "export_response",
    "key_url",
    "table_rows",
]


def includeme(config: Any) -> None:
    """Add the directives ``config.add_master_view``, ``config.add_batch_only_link`` and ``config.add_grid_source``."""
    config.add_directive("add_master_view", add_master_view)
    config.add_directive("add_batch_only_link", add_batch_only_link)
    config.include("batchbook.master.grid_sources")
    config.add_grid_source(INDEX, open_index)
