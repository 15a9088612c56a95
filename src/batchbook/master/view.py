"""The master view: one kind of record described as data, with a few hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, Row, Select, inspect, select

from batchbook.forms import Field, Form, form_of
from batchbook.grid import Column, Sort, columns_of
from batchbook.master.contexts import MasterContext, RecordContext
from batchbook.master.direct_edits import DirectChange, direct_edit
from batchbook.master.grid_view import GridView, LinkFor
from batchbook.master.record_pages import PAGES
from batchbook.master.references import references, why_referenced
from batchbook.security.identity import Identity
from batchbook.services import Services
from batchbook.web.request import Request

if TYPE_CHECKING:
    from batchbook.master.page import Page


class MasterView:
    """Index, view, create, edit, delete and export of the records of one model.

    A subclass sets the data below and overrides hooks; ``config.add_master_view(TheClass)`` registers it. There is
    one instance per request. ``prefix`` names its routes (``products.index``) and permissions (``products:view``).
    ``lookup`` is the unique attribute that stands in addresses: the primary key, or a natural key without slashes.
    ``grid_columns`` and ``form_fields`` are names of the model's attributes, or Columns and Fields; ``facts_fields``
    is what the page of a record shows, by default the model's own among the grid's and the form's. ``links`` say
    where a column with that ``link`` leads, given the request and the row; ``"self"`` is the record's own page.
    """

    model: ClassVar[type[Any]]
    prefix: ClassVar[str]
    path: ClassVar[str]
    title: ClassVar[str]
    title_one: ClassVar[str]
    description: ClassVar[str] = ""
    lookup: ClassVar[str] = "id"
    grid_columns: ClassVar[Sequence[str | Column]] = ()
    default_sort: ClassVar[Sequence[Sort]] = ()
    form_fields: ClassVar[Sequence[str | Field]] = ()
    facts_fields: ClassVar[Sequence[str | Column]] = ()
    links: ClassVar[Mapping[str, Callable[[Request, Row[Any]], str | None]]] = {}
    pages: ClassVar[Sequence[type[Page]]] = PAGES
    #: Templates by the name of the page, instead of the page's own.
    templates: ClassVar[Mapping[str, str]] = {}
    context_factory: ClassVar[type[MasterContext]] = MasterContext
    record_context_factory: ClassVar[type[RecordContext]] = RecordContext

    def __init__(self, request: Request) -> None:
        self.request = request

    @classmethod
    def permission(cls, name: str) -> str:
        """Return the permission that the page called ``name`` asks for: ``view``, ``edit``, ``create`` …"""
        return f"{cls.prefix}:{name}"

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the columns of the grid."""
        return columns_of(cls.model, cls.grid_columns)

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Return the SELECT of all records, with the joins that the columns need; start-up checks that they fit it."""
        return select(cls.model)

    @classmethod
    def visible_to(cls, services: Services, identity: Identity) -> ColumnElement[bool] | None:  # noqa: ARG003 - For subclasses to look at.
        """Return the condition for the records that ``identity`` may see in the grid; ``None`` for all."""
        return None

    def grid(self) -> GridView:
        """Return the index's grid for this request."""
        columns = self.columns()
        route = f"{self.prefix}.export"
        visible = self.visible_to(self.request.services, self.request.identity)
        exports = "export" in {page.name for page in self.pages} and self.may("export")
        return GridView(
            self.request,
            key=self.prefix,
            columns=columns,
            select=self.base_select() if visible is None else self.base_select().where(visible),
            key_columns=key_columns(type(self)),
            default_sort=self.default_sort,
            url=self.url("index"),
            settings_url=self.url("remember"),
            export_url=(lambda name: self.request.route_path(route, format=name)) if exports else None,
            link_for=_links(self, columns[0].name),
        )

    def form(self, record: Any | None) -> Form:  # noqa: ARG002 - For subclasses to look at.
        """Return the form to edit ``record``, or to create one if it is None."""
        return form_of(self.model, self.form_fields)

    def values_of(self, record: Any) -> dict[str, Any]:
        """Return what the form shows of ``record``, by field name."""
        return {field.name: getattr(record, field.name) for field in self.form(record).fields}

    def before_save(self, record: Any, values: dict[str, Any]) -> None:
        """Look at and change the form's ``values`` before they are set on ``record``, new or loaded.

        Fields that the person may not edit are not among them. Take out what is no attribute. Raise :class:`batchbook.master.Invalid` with a sentence per field, or a
        ``BatchbookError``; either leaves the database as it was.
        """

    @staticmethod
    def direct_edit_entry(view: MasterView, record: Any, change: DirectChange, reason: str) -> Any:
        """Return the object to store that keeps ``change``, which a person made although it changes by batch only."""
        return direct_edit(view, record, change, reason)

    def after_save(self, record: Any) -> None:
        """Look at the database with ``record`` written to it; whatever is raised here undoes that."""

    def after_delete(self, record: Any) -> None:
        """Look at the database without ``record``; whatever is raised here undoes that."""

    def label_of(self, record: Any) -> str:
        """Return what people call ``record``, in the middle of a sentence."""
        return f"{self.title_one} {getattr(record, self.lookup)}"

    def facts(self, record: Any) -> list[tuple[Column, Any]]:
        """Return what the page of ``record`` shows: columns with their values."""
        return [(column, getattr(record, column.name)) for column in fact_columns(type(self))]

    def why_not_delete(self, record: Any) -> str | None:
        """Return the sentence that says why ``record`` cannot be deleted, or None if it can."""
        return why_referenced(self.label_of(record), references(self.request.db, record))

    def url(self, name: str, record: Any | None = None, **options: Any) -> str:
        """Return the path of the page called ``name``; ``options`` are those of ``request.route_path``."""
        key = {} if record is None else {"id": getattr(record, self.lookup)}
        path: str = self.request.route_path(f"{self.prefix}.{name}", **key, **options)
        return path

    def may(self, permission: str, record: Any | None = None) -> bool:
        """Return whether who asks may do what ``permission`` (``edit``, ``create`` …) names, here or with ``record``."""
        own = (
            self.record_context_factory.of(self, record) if record is not None else self.context_factory(self)
        )
        return bool(self.request.has_permission(self.permission(permission), own))


def key_columns(view: type[MasterView]) -> tuple[Any, ...]:
    """Return what identifies a row of the view's grid: the primary key, and the attribute that stands in addresses."""
    mapper = inspect(view.model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    return tuple(getattr(view.model, name) for name in dict.fromkeys([*keys, view.lookup]))


def _links(view: MasterView, first: str) -> LinkFor:
    # The first column leads to the record, unless it says otherwise.
    route, lookup, request = f"{view.prefix}.view", view.lookup, view.request

    def link_for(column: Column, row: Row[Any]) -> str | None:
        link = column.link or ("self" if column.name == first else None)
        if link != "self":
            return view.links[link](request, row) if link else None
        path: str = request.route_path(route, id=row._mapping[lookup])
        return path

    return link_for


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
