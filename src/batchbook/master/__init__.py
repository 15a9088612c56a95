"""The generic master view: index, view, create, edit, delete and export over a grid and a form.

Its parts are usable alone: :class:`GridView` is a grid inside any page, :mod:`batchbook.master.records` loads, saves
and deletes without lost updates, :mod:`batchbook.master.conflicts` merges the changes of two people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.master.direct_edits import add_batch_only_link as add_batch_only_link
    from batchbook.master.export_choice import ExportForm as ExportForm
    from batchbook.master.facet_pages import FacetPage as FacetPage
    from batchbook.master.facet_pages import FacetsPage as FacetsPage
    from batchbook.master.facet_pages import IndexFacet as IndexFacet
    from batchbook.master.facet_pages import IndexFacets as IndexFacets
    from batchbook.master.form_pages import Create as Create
    from batchbook.master.form_pages import Delete as Delete
    from batchbook.master.form_pages import Edit as Edit
    from batchbook.master.form_pages import FormPage as FormPage
    from batchbook.master.grid_sources import Caller as Caller
    from batchbook.master.grid_sources import GridReference as GridReference
    from batchbook.master.grid_sources import OpenGrid as OpenGrid
    from batchbook.master.grid_view import GridView as GridView
    from batchbook.master.layout_pages import LayoutPage as LayoutPage
    from batchbook.master.layout_pages import RememberLayout as RememberLayout
    from batchbook.master.links import GridLinks as GridLinks
    from batchbook.master.links import default_link as default_link
    from batchbook.master.models import GridSetting as GridSetting
    from batchbook.master.record_pages import Detail as Detail
    from batchbook.master.record_pages import Export as Export
    from batchbook.master.record_pages import ExportPage as ExportPage
    from batchbook.master.record_pages import Index as Index
    from batchbook.master.record_pages import Remember as Remember
    from batchbook.master.record_pages import export_response as export_response
    from batchbook.master.records import Invalid as Invalid
    from batchbook.master.routes import GRID_PAGES as GRID_PAGES
    from batchbook.master.routes import PAGES as PAGES
    from batchbook.master.routes import add_master_view as add_master_view
    from batchbook.master.row_cells import EditableRow as EditableRow
    from batchbook.master.row_cells import TableRow as TableRow
    from batchbook.master.row_cells import key_url as key_url
    from batchbook.master.row_cells import table_rows as table_rows
    from batchbook.master.view import Button as Button
    from batchbook.master.view import DirectChange as DirectChange
    from batchbook.master.view import MasterContext as MasterContext
    from batchbook.master.view import MasterView as MasterView
    from batchbook.master.view import Page as Page
    from batchbook.master.view import RecordContext as RecordContext
    from batchbook.master.view import RecordHooks as RecordHooks
    from batchbook.master.view import buttons_for as buttons_for
    from batchbook.master.window_pages import IndexWindow as IndexWindow
    from batchbook.master.window_pages import window_answer as window_answer
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Add the directives ``config.add_master_view``, ``config.add_batch_only_link`` and ``config.add_grid_source``."""
    config.add_directive("add_master_view", "batchbook.master.routes.add_master_view")
    config.add_directive("add_batch_only_link", "batchbook.master.direct_edits.add_batch_only_link")
    config.add_directive("add_list_menu", "batchbook.master.links.add_list_menu")
    config.add_permission("views:share")
    config.include("batchbook.master.grid_sources")
    config.include("batchbook.master.routes")
