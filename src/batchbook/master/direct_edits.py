"""Columns that change by batch only, and direct edits of them: their place in forms, who may make them, and their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from batchbook.db.base import scalar_defaults
from batchbook.errors import Refused
from batchbook.forms import Field, Form
from batchbook.grid import Column, Kind, columns_of
from batchbook.grid.cells import to_text
from batchbook.master.models import DirectEdit
from batchbook.master.records import Invalid
from batchbook.master.view import DirectChange, MasterView

#: The permission, as :meth:`MasterView.permission` names it, and the field of the form that asks for the reason.
EDIT_DIRECTLY = "edit-directly"
REASON = "direct_edit_reason"

#: The most characters of a reason.
LONGEST_REASON = 500

_LINKS = "batchbook.batch_only_links"


@dataclass(frozen=True)
class Locked:
    """What a form shows without asking for it: columns with their values, and links to where they are changed."""

    facts: Sequence[tuple[Column, Any]]
    links: Sequence[tuple[str, str]]

    @property
    def sentence(self) -> str:
        """What a page says of it."""
        names = listed([column.label for column, _ in self.facts])
        return f"{names} can be changed by a batch only: somebody prepares it, somebody executes it."


def batch_only_columns(model: type[Any]) -> tuple[Column, ...]:
    """Return the columns of ``model`` that change by batch only."""
    attributes = inspect(model).column_attrs
    names = [one.key for one in attributes if one.columns[0].info.get("by_batch_only")]
    return columns_of(model, names)


def may_edit_directly(view: MasterView, record: Any | None) -> bool:
    """Return whether who asks may edit in a form of ``record`` (None: a new one) what changes by batch only."""
    return view.may(EDIT_DIRECTLY, record)


def form_for(view: MasterView, record: Any | None) -> Form:
    """Return the view's form as who asks gets it: without what changes by batch only, or with the reason besides."""
    form = view.form(record)
    if not _batch_only(form):
        return form
    if may_edit_directly(view, record):
        fields = (*form.fields, _reason_field(_batch_only(form)))
    else:
        fields = tuple(field for field in form.fields if not field.column.by_batch_only)
    return Form(fields, form.validators, conventions=form.conventions)


def locked_fields(view: MasterView, record: Any | None) -> Locked | None:
    """Return what the form of ``record`` shows without asking for it; None if that is nothing."""
    fields = _batch_only(view.form(record))
    if not fields or may_edit_directly(view, record):
        return None
    values = view.values_of(record) if record is not None else scalar_defaults(inspect(view.model).columns)
    facts = [(field.column, values.get(field.name)) for field in fields]
    return Locked(facts, _links(view, [field.column for field in fields]))


def refuse_locked(view: MasterView, record: Any | None, params: Mapping[str, Any]) -> None:
    """Raise ``Refused`` where a form was sent with a field that who asks may not edit."""
    fields = _batch_only(view.form(record))
    sent = [field.label for field in fields if field.was_sent(params)]
    if sent and not may_edit_directly(view, record):
        raise Refused(refusal_of(sent))


def why_not_create(view: MasterView) -> str | None:
    """Return why who asks cannot make a record by form; None if that is possible.

    A record that needs a value which only batches set would have to be stored with one that nobody chose.
    """
    if may_edit_directly(view, None):
        return None
    defaults = scalar_defaults(inspect(view.model).columns)
    needed = [
        one.label for one in batch_only_columns(view.model) if one.required and one.name not in defaults
    ]
    if not needed:
        return None
    return (
        f"A new {view.title_one} needs a value for {listed(needed)}, which your role can change by a batch only."
        f" Import the {view.title_one} instead."
    )


def refusal_of(labels: Sequence[str]) -> str:
    """Return the sentences by which a form with the fields called ``labels`` is refused."""
    return (
        f"{listed(labels)} can be changed by a batch only, so nothing was saved. Make the change as a batch."
    )


def listed(labels: Sequence[str], word: str = "and") -> str:
    """Return labels as a sentence has them: Price and On hand."""
    *others, last = labels
    return f"{', '.join(others)} {word} {last}" if others else last


def add_batch_only_link(
    config: Any, column: InstrumentedAttribute[Any], label: str, route_name: str, permission: str
) -> None:
    """Directive: offer a way to change ``column``, which changes by batch only, beside the form that does not ask for it.

    The link says ``label``, leads to ``route_name`` and is shown to those who hold ``permission``. Raises
    ``ConfigurationError`` for a column that does not say ``by_batch_only``.
    """
    source = column.property.columns[0]
    if not source.info.get("by_batch_only"):
        raise ConfigurationError(f"{column} does not say by_batch_only, so its form leads nowhere else.")

    def register() -> None:
        links = config.registry.setdefault(_LINKS, {})
        links.setdefault(source, []).append((label, route_name, permission))

    config.action(("batch only link", str(source), label), register)


def _links(view: MasterView, columns: Sequence[Column]) -> list[tuple[str, str]]:
    request = view.request
    known = request.registry.get(_LINKS, {})
    sources = [
        column.expression.property.columns[0] for column in columns if hasattr(column.expression, "property")
    ]
    found = dict.fromkeys(link for source in sources for link in known.get(source, ()))
    return [
        (label, request.route_path(route_name))
        for label, route_name, permission in found
        if request.identity.may(permission)
    ]


def _batch_only(form: Form) -> list[Field]:
    return [field for field in form.fields if field.column.by_batch_only]


def _reason_field(fields: Sequence[Field]) -> Field:
    names = listed([field.label for field in fields], "or")
    help_ = f"Needed if you change {names} here and not by a batch. It is kept in the history."
    return Field.of(
        REASON, Kind.TEXT, label="Reason for the direct edit", max_length=LONGEST_REASON, help=help_
    )


def values_now(record: Any) -> dict[str, Any]:
    """Return what ``record`` has in the columns that change by batch only, by attribute; a new one has its defaults."""
    names = [column.name for column in batch_only_columns(type(record))]
    if not inspect(record).persistent:
        defaults = scalar_defaults(inspect(type(record)).columns)
        return {name: defaults.get(name) for name in names}
    return {name: getattr(record, name) for name in names}


def direct_changes(
    view: MasterView, record: Any, before: Mapping[str, Any], reason: str | None
) -> list[DirectChange]:
    """Return how ``record`` differs from ``before`` in the columns that change by batch only.

    Raises ``Refused`` if who asks may not change them in a form, and ``Invalid`` where the reason is missing.
    """
    stored = inspect(record).persistent
    found = []
    for column in batch_only_columns(type(record)):
        old, new = before[column.name], getattr(record, column.name)
        if new != old and (stored or new is not None):
            found.append(DirectChange(column, old if stored else None, new))
    if found and not may_edit_directly(view, record if stored else None):
        raise Refused(refusal_of([change.column.label for change in found]))
    if found and not reason:
        names = listed([change.column.label for change in found])
        raise Invalid(
            {REASON: f"Say why you set {names} here and not by a batch. It is kept in the history."}
        )
    return found


def direct_edit(view: MasterView, record: Any, change: DirectChange, reason: str) -> DirectEdit:
    """Return the entry that keeps ``change`` of ``record``, with who made it and why."""
    return DirectEdit(
        record_type=_type_of(record),
        record_key=_key_of(record),
        record_label=view.label_of(record),
        field=change.column.name,
        label=change.column.label,
        old_value=None if change.old is None else to_text(change.column, change.old),
        new_value=None if change.new is None else to_text(change.column, change.new),
        reason=reason,
        changed_by=view.request.authenticated_userid,
    )


def direct_edits(db: Session, record: Any, most: int) -> list[DirectEdit]:
    """Return the latest entries of ``record``, the newest first; none for a model without such columns."""
    if not batch_only_columns(type(record)):
        return []
    wanted = select(DirectEdit).where(
        DirectEdit.record_type == _type_of(record), DirectEdit.record_key == _key_of(record)
    )
    return list(db.scalars(wanted.order_by(DirectEdit.id.desc()).limit(most)))


def _type_of(record: Any) -> str:
    return str(inspect(type(record)).local_table.name)


def _key_of(record: Any) -> str:
    return "/".join(map(str, inspect(record).identity))
