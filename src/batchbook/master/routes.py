"""Routes of a master view: its standard pages, and the directive that checks a view and registers its addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pyramid.exceptions import ConfigurationError
from pyramid.path import AssetResolver
from pyramid.registry import Registry
from sqlalchemy import Integer, PrimaryKeyConstraint, String, UniqueConstraint, inspect
from sqlalchemy.exc import SQLAlchemyError

from batchbook.declarations import (
    instance_of,
    is_text,
    mapping_of,
    or_none,
    refuse_misspelt,
    refuse_without_super,
    refuse_wrong,
    sequence_of,
    shown,
)
from batchbook.errors import Missing
from batchbook.forms import Field, form_of
from batchbook.grid import Column, Grid, GridLayout, Sort
from batchbook.master.direct_edits import EDIT_DIRECTLY, batch_only_columns
from batchbook.master.export_choice import IndexExportForm
from batchbook.master.facet_pages import IndexFacet, IndexFacets
from batchbook.master.form_pages import Create, Delete, Edit
from batchbook.master.grid_sources import INDEX, NO_SUCH_LIST, Caller, OpenGrid
from batchbook.master.layout_pages import RememberLayout
from batchbook.master.record_pages import Detail, Export, Index, Remember
from batchbook.master.view import MasterContext, MasterView, Page, fact_columns, key_columns
from batchbook.master.window_pages import IndexWindow
from batchbook.services import Services
from batchbook.web.request import Request

#: The pages of every grid, beside the index that shows it.
GRID_PAGES = (IndexWindow, Remember, RememberLayout, IndexFacets, IndexFacet, IndexExportForm, Export)
#: The pages that most master views have, in the order of their buttons.
PAGES = (Index, *GRID_PAGES, Create, Detail, Edit, Delete)

_NEEDED = ("model", "prefix", "path", "title", "title_one", "grid_columns", "pages")
_METHODS = {"get": "GET", "post": "POST"}

_COLUMNS = sequence_of((str, Column), 'a tuple of names of columns, such as ("name", "city")')
_DECLARED = {
    "title": or_none(instance_of(str, "a text")),
    "title_one": or_none(instance_of(str, "a text")),
    "title_many": instance_of(str, "a text"),
    "description": or_none(instance_of(str, "a text")),
    "grid_columns": or_none(_COLUMNS),
    "form_fields": or_none(
        sequence_of((str, Column, Field), 'a tuple of names of fields, such as ("name", "city")')
    ),
    "facts_fields": or_none(_COLUMNS),
    "filter_columns": or_none(_COLUMNS),
    "carried": or_none(sequence_of(str, "a tuple of names of columns")),
    "default_sort": or_none(sequence_of(Sort, 'a tuple of Sort, such as (Sort("name"),)')),
    "grid_layout": or_none(instance_of(GridLayout, 'a GridLayout, such as GridLayout(hidden={"notes"})')),
    "pages": or_none(sequence_of(object, "a tuple of pages, such as (*PAGES, MyPage)")),
    "templates": or_none(mapping_of(str, is_text, "a mapping of names of pages to templates")),
}


def add_master_view(config: Any, view: type[MasterView]) -> None:
    """Directive: register the addresses of the master view class ``view``.

    Two views with one prefix conflict. The introspector lists them in the category ``master views``, by prefix.
    Raises ``ConfigurationError`` for a class that cannot work, such as one without a model, with a column that the model
    does not have, or with a lookup that is not unique.
    """
    view = config.maybe_dotted(view)
    if not (isinstance(view, type) and issubclass(view, MasterView)):
        raise ConfigurationError(f"add_master_view takes a subclass of MasterView, and got {shown(view)}.")
    refuse_misspelt("The master view", view, MasterView)
    refuse_wrong(view.__name__, {name: getattr(view, name, None) for name in _DECLARED}, _DECLARED)
    _check(view)
    _check_templates(view)
    introspectable = config.introspectable("master views", view.prefix, view.title, "master view")
    introspectable.update({"view": view, "model": view.model, "path": view.path, "pages": _names(view)})
    config.action(("master view", view.prefix), introspectables=(introspectable,))
    config.action(("address", view.path))
    if batch_only_columns(view.model):
        config.add_permission(view.permission(EDIT_DIRECTLY))
    # Addresses with a fixed end come first: /products/new must not be read as the product called "new".
    for page in sorted(view.pages, key=lambda page: page.on_record):
        _add_page(config, view, page)


def _add_page(config: Any, view: type[MasterView], page: type[Page]) -> None:
    route = f"{view.prefix}.{page.name}"
    pattern = view.path + ("/{id}" if page.on_record else "") + page.pattern
    context = view.record_context_factory if page.on_record else view.context_factory

    def factory(request: Request) -> MasterContext:
        request.reads_only = page.reads_only
        return context(view(request))

    config.add_route(route, pattern, factory=factory)
    for attr, method in _METHODS.items():
        if hasattr(page, attr):
            config.add_view(
                page,
                attr=attr,
                route_name=route,
                request_method=method,
                permission=view.permission(page.permission),
                renderer=view.templates.get(page.name, page.template),
            )


def _names(view: type[MasterView]) -> list[str]:
    return [page.name for page in view.pages]


def _check(view: type[MasterView]) -> None:
    missing = [name for name in _NEEDED if not getattr(view, name, None)]
    if missing:
        raise ConfigurationError(f"The master view {view.__name__} does not define {' and '.join(missing)}.")
    if inspect(view.model, raiseerr=False) is None:
        raise ConfigurationError(
            f"The master view {view.__name__} has the model {view.model!r}, which is not mapped."
        )
    try:
        Grid(view.columns(), view.base_select(), key_columns(view), default_sort=tuple(view.default_sort))
        form_of(view.model, view.form_fields)
        view.grid_layout.check(view.columns())
        unknown = [column.name for column in fact_columns(view) if not hasattr(view.model, column.name)]
    except (ValueError, TypeError, LookupError, AttributeError, SQLAlchemyError) as error:
        raise ConfigurationError(f"The master view {view.__name__} cannot work: {error}") from error
    if unknown:
        raise ConfigurationError(
            f"{view.__name__}.facts_fields names {', '.join(unknown)}, which the model lacks."
        )
    refuse_without_super(view, MasterView)
    _check_lookup(view)
    _check_links(view)
    _check_pages(view)


def _check_templates(view: type[MasterView]) -> None:
    """Raise ``ConfigurationError`` where a page's template, given as package:path, is not there."""
    for page in view.pages:
        name = view.templates.get(page.name, page.template)
        if not name or ":" not in name:  # Pyramid looks for it in the folders of its own settings.
            continue
        try:
            found = AssetResolver().resolve(name).exists()
        except ImportError:
            found = False
        if not found:
            raise ConfigurationError(
                f"The page {page.__name__} of {view.__name__} has the template {name}, which is not there. Write it like"
                " acme.templates:counts/view.jinja2, and see that the file is installed with its package."
            )


def _check_lookup(view: type[MasterView]) -> None:
    column = inspect(view.model).column_attrs[view.lookup].columns[0]
    own_index = any(index.unique and list(index.columns) == [column] for index in column.table.indexes)
    alone = any(
        isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
        and list(constraint.columns) == [column]
        for constraint in column.table.constraints
    )
    # A list whose records have no pages of their own needs no address for each.
    if not (own_index or alone) and any(page.on_record for page in view.pages):
        raise ConfigurationError(f"{view.__name__}.lookup is {view.lookup!r}, which is not unique by itself.")
    if not isinstance(column.type, Integer | String):
        raise ConfigurationError(
            f"{view.__name__}.lookup is {view.lookup!r}, which is neither a number nor a text."
        )


def _check_links(view: type[MasterView]) -> None:
    unknown = {column.link for column in view.columns() if column.link} - {"self", *view.links}
    if unknown:
        raise ConfigurationError(f"{view.__name__}.links has no address for {', '.join(sorted(unknown))}.")


def _check_pages(view: type[MasterView]) -> None:
    strange = [page for page in view.pages if not (isinstance(page, type) and issubclass(page, Page))]
    if strange:
        raise ConfigurationError(f"{view.__name__}.pages has {strange[0]!r}, which is not a Page.")
    for page in view.pages:
        refuse_without_super(page, Page)
    names = _names(view)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"{view.__name__}.pages has more than one page called {', '.join(twice)}.")
    unknown = sorted(view.templates.keys() - set(names))
    if unknown:
        raise ConfigurationError(
            f"{view.__name__}.templates names {', '.join(unknown)}, which is not one of its pages."
        )


def view_called(services: Services, prefix: str) -> type[MasterView]:
    """Return the master view with that ``prefix``; raise ``Missing`` if this installation has none."""
    known = services.get(Registry).introspector.get("master views", prefix)
    if known is None:
        raise Missing(NO_SUCH_LIST)
    view: type[MasterView] = known["view"]
    return view


def view_of(services: Services, model: type[Any]) -> type[MasterView] | None:
    """Return the master view of the records of ``model``; ``None`` if this installation has none."""
    known = services.get(Registry).introspector.get_category("master views") or ()
    views = (item["introspectable"] for item in known)
    return next((item["view"] for item in views if item["model"] is model), None)


def open_index(caller: Caller, arguments: Mapping[str, Any]) -> OpenGrid:
    """Open the grid of an index, for :data:`~batchbook.master.grid_sources.INDEX`.

    The argument ``permission`` is the one that the caller needs, by default that of exports.
    """
    view = view_called(caller.services, arguments["view"])
    needed = view.permission(arguments.get("permission", "export"))
    # The context of all records decides by identity and permission alone.
    context = view.context_factory(cast("Any", view))
    caller.refuse_unless(permitted=context.refusal(caller.identity, needed) is None)
    columns, visible = view.columns(), view.visible_to(caller.services, caller.identity)
    wanted = view.base_select() if visible is None else view.base_select().where(visible)
    grid = Grid(columns, wanted, key_columns(view), tuple(view.default_sort), zone=caller.zone)
    return OpenGrid(grid=grid, columns=columns, caller=caller)


def includeme(config: Any) -> None:
    """Add the grid of every index, which jobs open again."""
    config.add_grid_source(INDEX, open_index)
