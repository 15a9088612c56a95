"""The master view: one kind of record described as data, its pages, and the contexts of their addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, Row, Select, inspect, select

from batchbook.db.transactions import SAFE_METHODS
from batchbook.errors import BatchbookError, Refused
from batchbook.forms import Field, Form, form_of
from batchbook.grid import Column, Grid, GridLayout, Snapshot, Sort, columns_of
from batchbook.grid.column_layout import DEFAULT_LAYOUT
from batchbook.master import records
from batchbook.master.grid_view import GridView
from batchbook.master.records import references, why_referenced
from batchbook.master.row_cells import LinkFor, key_url
from batchbook.security.identity import Identity, grants
from batchbook.security.policy import Refusing
from batchbook.services import Services
from batchbook.web.flash import flash
from batchbook.web.request import Request


class MasterContext(Refusing):
    """The context of the addresses that concern all records, such as the index: it has no ``record``."""

    record: Any = None

    def __init__(self, view: MasterView) -> None:
        self.view = view

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Return the error by which ``permission`` is refused to ``identity``: unless overridden, by the roles alone."""
        return None if grants(identity.permissions, permission) else Refused()


class RecordContext(MasterContext):
    """The context of the addresses of one record."""

    @cached_property
    def record(self) -> Any:
        """The record that the address names; raises ``Missing`` when there is none.

        It is loaded on first use, which is after the permission was checked, so that the answer does not reveal which
        records exist. For an unsafe method it is locked until the transaction ends.
        """
        request = self.view.request
        lock = request.method not in SAFE_METHODS
        return records.find(request.db, self.view.model, self.view.lookup, request.matchdict["id"], lock=lock)

    @classmethod
    def of(cls, view: MasterView, record: Any) -> RecordContext:
        """Return the context of a record that is loaded already."""
        context = cls(view)
        context.__dict__["record"] = record
        return context


@dataclass(frozen=True)
class Button:
    """A way from one page to another: a link, or a form with one button if ``post``."""

    label: str
    url: str
    kind: str
    post: bool


class Page:
    """One page of a master view; a subclass has ``get``, ``post`` or both, each registered as a view.

    ``name`` is the end of the route's name. ``pattern`` is put behind the master view's path, for a page
    ``on_record`` behind ``/{id}``. ``permission`` is the name given to :meth:`MasterView.permission`. A page with
    a ``button`` (``{one}`` in it stands for the view's ``title_one``) is offered on the index, or on the page of a
    record, to those with the permission; ``kind`` is the button's look: ``primary``, ``plain`` or ``danger``. The form of
    a page that ``reads_only`` changes nothing in the database, so on SQLite it never waits for a job that is writing.
    """

    name: ClassVar[str]
    pattern: ClassVar[str]
    permission: ClassVar[str]
    on_record: ClassVar[bool] = False
    template: ClassVar[str | None] = None
    button: ClassVar[str] = ""
    kind: ClassVar[str] = "plain"
    reads_only: ClassVar[bool] = False

    def __init__(self, context: MasterContext, request: Request) -> None:
        self.context = context
        self.request = request
        self.view: MasterView = context.view

    @property
    def record(self) -> Any:
        """The record that the address names; None for a page that concerns all."""
        return self.context.record

    @classmethod
    def label(cls, view: MasterView, record: Any) -> str:  # noqa: ARG003 - For subclasses.
        """Return the label of the button beside ``record``, which is None on the index."""
        return cls.button.format(one=view.title_one)

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:  # noqa: ARG003 - For subclasses.
        """Return whether the button makes sense for ``record`` as it is; the permission is checked separately."""
        return True

    def template_values(self, **values: Any) -> dict[str, Any]:
        """Return the template's context: ``values`` and what every page of a master view needs."""
        label = self.view.label_of(self.record) if self.record is not None else None
        return {"view": self.view, "record": self.record, "label": label, **values}

    def done(self, message: str, url: str) -> HTTPSeeOther:
        """Return the redirect to ``url``, where ``message`` is shown once."""
        flash(self.request, message)
        return HTTPSeeOther(url)


@dataclass(frozen=True)
class DirectChange:
    """A change of a column that changes by batch only; ``old`` is None for a new record."""

    column: Column
    old: Any
    new: Any


class RecordHooks:
    """Hooks around saving and deleting the records of ``view``; a subclass overrides those that it needs.

    Whatever a hook raises undoes the change: :class:`batchbook.master.Invalid` with a sentence per field, or a
    ``BatchbookError``.
    """

    def __init__(self, view: MasterView) -> None:
        self.view = view
        self.request = view.request

    def before_save(self, record: Any, values: dict[str, Any]) -> None:
        """Check and change the form's ``values`` before they are set on ``record``, new or loaded.

        Fields that the user may not edit are not among them. Remove those that are not attributes of the record.
        """

    def after_save(self, record: Any) -> None:
        """Check the database with ``record`` written to it."""

    def after_delete(self, record: Any) -> None:
        """Check the database without ``record``."""

    def direct_edit_entry(self, record: Any, change: DirectChange, reason: str) -> Any | None:  # noqa: ARG002 - For subclasses.
        """Return an object to store that records ``change``, a direct edit of a column that changes by batch only.

        None, the default, records it in the table of direct edits.
        """
        return None

    def why_not_delete(self, record: Any) -> str | None:
        """Return a sentence with the reason why ``record`` cannot be deleted, or None if it can."""
        return why_referenced(self.view.label_of(record), references(self.request.db, record))


class MasterView:
    """Index, view, create, edit, delete and export of the records of one model.

    A subclass sets the data below and overrides hooks; ``config.add_master_view(TheClass)`` registers it. There is
    one instance per request. ``prefix`` names its routes (``products.index``) and permissions (``products:view``).
    ``lookup`` is the unique attribute used in addresses: the primary key, or a natural key without slashes.
    ``grid_columns`` and ``form_fields`` are names of the model's attributes, or Columns and Fields. The grid can be filtered
    by ``filter_columns``, too, which files have and the table does not show; each row carries the attributes that
    ``carried`` names, for its links. ``grid_layout`` is how the grid is laid out until a person arranges it. ``facts_fields``
    are the columns on the page of a record, by default the model's own among the grid's and the form's. ``links`` return,
    by the name of a column's ``link``, the address for a request and a row; ``"self"`` is the record's own page.
    ``pages`` are its pages in the order of their buttons, such as :data:`batchbook.master.PAGES`.
    """

    model: ClassVar[type[Any]]
    prefix: ClassVar[str]
    path: ClassVar[str]
    title: ClassVar[str]
    title_one: ClassVar[str]
    #: Several of the records in a sentence; by default the title in lower case.
    title_many: ClassVar[str] = ""
    description: ClassVar[str] = ""
    lookup: ClassVar[str] = "id"
    grid_columns: ClassVar[Sequence[str | Column]] = ()
    filter_columns: ClassVar[Sequence[str | Column]] = ()
    carried: ClassVar[Sequence[str]] = ()
    default_sort: ClassVar[Sequence[Sort]] = ()
    grid_layout: ClassVar[GridLayout] = DEFAULT_LAYOUT
    form_fields: ClassVar[Sequence[str | Field]] = ()
    facts_fields: ClassVar[Sequence[str | Column]] = ()
    links: ClassVar[Mapping[str, Callable[[Request, Row[Any]], str | None]]] = {}
    pages: ClassVar[Sequence[type[Page]]]
    #: Templates by the name of the page, instead of the page's own.
    templates: ClassVar[Mapping[str, str]] = {}
    context_factory: ClassVar[type[MasterContext]] = MasterContext
    record_context_factory: ClassVar[type[RecordContext]] = RecordContext

    #: Hooks around saving and deleting a record.
    hooks_factory: ClassVar[type[RecordHooks]] = RecordHooks

    def __init__(self, request: Request) -> None:
        self.request = request
        self.hooks = self.hooks_factory(self)

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission that the page called ``name`` asks for: ``view``, ``edit``, ``create`` …"""
        return f"{cls.prefix}:{name}"

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the columns of the grid, those to filter by behind the others."""
        return columns_of(cls.model, (*cls.grid_columns, *cls.filter_columns))

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return the SELECT of all records, with the joins that the columns need; start-up checks that they fit it."""
        return select(cls.model)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool] | None:  # noqa: ARG003 - For subclasses.
        """Return the condition for the records that ``identity`` may see in the grid; ``None`` for all."""
        return None

    def grid(self) -> GridView:
        """Return the index's grid for this request."""
        columns = self.columns()
        route = f"{self.prefix}.export"
        visible = self.visible_to(self.request.services, self.request.identity)
        # The first column leads to the record, unless it has another link.
        links = {columns[0].name: "self"} | {column.name: column.link for column in columns if column.link}
        pages = {page.name for page in self.pages}
        exports = "export" in pages and self.may("export")
        return GridView(
            self.request,
            key=self.prefix,
            grid=Grid(
                columns,
                self.base_select() if visible is None else self.base_select().where(visible),
                key_columns(type(self)),
                self.default_sort,
                zone=self.request.zone,
                carried=[getattr(self.model, name) for name in self.carried],
            ),
            url=self.url("index"),
            settings_url=self.url("remember"),
            facet_urls=self.url if {"facets", "facet"} <= pages else None,
            hidden={column.name for column in columns_of(self.model, self.filter_columns)},
            declared_layout=self.grid_layout,
            layout_url=self.url("layout") if "layout" in pages else "",
            export_url=(lambda name: self.request.route_path(route, format=name)) if exports else None,
            cell_links={name: _link(self, link) for name, link in links.items()},
            snapshot=lambda _session: Snapshot(self.prefix),
            windows_url=self.url("window") if "window" in pages else "",
        )

    def form(self, record: Any | None) -> Form:  # noqa: ARG002 - For subclasses.
        """Return the form to edit ``record``, or to create one if it is None."""
        return form_of(self.model, self.form_fields)

    def values_of(self, record: Any) -> dict[str, Any]:
        """Return the values of ``record`` that its form shows, by the name of the field."""
        return {field.name: getattr(record, field.name) for field in self.form(record).fields}

    def label_of(self, record: Any) -> str:
        """Return the name of ``record`` for people, as in the middle of a sentence."""
        return f"{self.title_one} {getattr(record, self.lookup)}"

    def facts(self, record: Any) -> list[tuple[Column, Any]]:
        """Return the columns that the page of ``record`` shows, with their values."""
        return [(column, getattr(record, column.name)) for column in fact_columns(type(self))]

    def url(self, name: str, record: Any | None = None, **options: Any) -> str:
        """Return the path of the page called ``name``; ``options`` are those of ``request.route_path``."""
        key = {} if record is None else {"id": getattr(record, self.lookup)}
        path: str = self.request.route_path(f"{self.prefix}.{name}", **key, **options)
        return path

    def may(self, permission: str, record: Any | None = None) -> bool:
        """Return whether the user has ``permission`` (``edit``, ``create`` …), for ``record`` or for all records."""
        own = (
            self.record_context_factory.of(self, record) if record is not None else self.context_factory(self)
        )
        return bool(self.request.has_permission(self.permission(permission), own))


def buttons_for(view: MasterView, record: Any | None = None) -> list[Button]:
    """Return the buttons to show beside ``record``, or on the index if it is None, in the order of the view's pages."""
    return [
        Button(
            page.label(view, record),
            view.url(page.name, record),
            page.kind,
            not hasattr(page, "get"),
        )
        for page in view.pages
        if page.button
        and page.on_record == (record is not None)
        and view.may(page.permission, record)
        and page.offered(view, record)
    ]


def key_columns(view: type[MasterView]) -> tuple[Any, ...]:
    """Return the columns that identify a row of the view's grid: its primary key, and the attribute used in addresses."""
    mapper = inspect(view.model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    return tuple(getattr(view.model, name) for name in dict.fromkeys([*keys, view.lookup]))


def _link(view: MasterView, link: str) -> LinkFor:
    if link != "self":
        return partial(view.links[link], view.request)
    record_url = key_url(view.request, f"{view.prefix}.view", "id")
    return lambda row: record_url(row._mapping[view.lookup])


def fact_columns(view: type[MasterView]) -> tuple[Column, ...]:
    """Return the columns that the page of a record shows."""
    if view.facts_fields:
        return columns_of(view.model, view.facts_fields)
    items = [
        item.column if isinstance(item, Field) else item for item in (*view.grid_columns, *view.form_fields)
    ]
    named = {item if isinstance(item, str) else item.name: item for item in items}
    mapped = inspect(view.model).column_attrs
    return columns_of(view.model, [item for name, item in named.items() if name in mapped])
