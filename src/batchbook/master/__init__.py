"""The generic master view: index, view, create, edit, delete and export over a grid and a form.

Its parts are usable alone: :class:`GridView` is a grid inside any page, :mod:`batchbook.master.records` loads, saves
and deletes without lost updates, :mod:`batchbook.master.conflicts` puts together what two people wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.master.direct_edits import add_batch_only_link
    from batchbook.master.export import export_response
    from batchbook.master.form_pages import Create, Delete, Edit, FormPage
    from batchbook.master.grid_sources import Caller, GridReference, OpenGrid
    from batchbook.master.grid_view import GridView
    from batchbook.master.links import GridLinks, default_link
    from batchbook.master.models import GridSetting
    from batchbook.master.record_pages import Detail, Export, ExportPage, Index, Remember
    from batchbook.master.records import Invalid
    from batchbook.master.routes import PAGES, add_master_view
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

if not TYPE_CHECKING:  # A type checker would take every name for one that is offered.
    __getattr__ = lazy_exports(
        __name__,
        {
            "batchbook.master.direct_edits": ("add_batch_only_link",),
            "batchbook.master.export": ("export_response",),
            "batchbook.master.form_pages": ("Create", "Delete", "Edit", "FormPage"),
            "batchbook.master.grid_sources": ("Caller", "GridReference", "OpenGrid"),
            "batchbook.master.grid_view": ("GridView",),
            "batchbook.master.links": ("GridLinks", "default_link"),
            "batchbook.master.models": ("GridSetting",),
            "batchbook.master.record_pages": ("Detail", "Export", "ExportPage", "Index", "Remember"),
            "batchbook.master.records": ("Invalid",),
            "batchbook.master.routes": ("PAGES", "add_master_view"),
            "batchbook.master.row_cells": ("EditableCell", "TableRow", "key_url", "table_rows"),
            "batchbook.master.view": (
                "Button",
                "DirectChange",
                "MasterContext",
                "MasterView",
                "Page",
                "RecordContext",
                "RecordHooks",
                "buttons_for",
            ),
        },
    )


def includeme(config: Any) -> None:
    """Add the directives ``config.add_master_view``, ``config.add_batch_only_link`` and ``config.add_grid_source``."""
    config.add_directive("add_master_view", "batchbook.master.routes.add_master_view")
    config.add_directive("add_batch_only_link", "batchbook.master.direct_edits.add_batch_only_link")
    config.include("batchbook.master.grid_sources")
    config.include("batchbook.master.routes")
