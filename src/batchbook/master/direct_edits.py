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
    """The read-only part of a form: columns that change by batch only, their values, and links to the batches."""

    facts: Sequence[tuple[Column, Any]]
    links: Sequence[tuple[str, str]]

    @property
    def sentence(self) -> str:
        """The sentence that explains it."""
        names = listed([column.label for column, _ in self.facts])
        return f"{names} can only be changed by a batch, which is prepared and then executed."


def batch_only_columns(model: type[Any]) -> tuple[Column, ...]:
    """Return the columns of ``model`` that change by batch only."""
    attributes = inspect(model).column_attrs
    names = [one.key for one in attributes if one.columns[0].info.get("by_batch_only")]
    return columns_of(model, names)


def may_edit_directly(view: MasterView, record: Any | None) -> bool:
    """Return whether the user may edit columns that change by batch only in a form of ``record``, None for a new one."""
    return view.may(EDIT_DIRECTLY, record)


def form_for(view: MasterView, record: Any | None) -> Form:
    """Return the view's form for the user: without columns that change by batch only, or with a field for the reason."""
    form = view.form(record).written_by(view.request.conventions)
    if not _batch_only(form):
        return form
    if may_edit_directly(view, record):
        fields = (*form.fields, _reason_field(_batch_only(form)))
    else:
        fields = tuple(field for field in form.fields if not field.column.by_batch_only)
    return Form(fields, form.validators, conventions=form.conventions)


def locked_fields(view: MasterView, record: Any | None) -> Locked | None:
    """Return the read-only part of the form of ``record``; None if it has none."""
    fields = _batch_only(view.form(record))
    if not fields or may_edit_directly(view, record):
        return None
    values = view.values_of(record) if record is not None else scalar_defaults(inspect(view.model).columns)
    facts = [(field.column, values.get(field.name)) for field in fields]
    return Locked(facts, _links(view, [field.column for field in fields]))


def refuse_locked(view: MasterView, record: Any | None, params: Mapping[str, Any]) -> None:
    """Raise ``Refused`` where a form was sent with a field that the user may not edit."""
    fields = _batch_only(view.form(record))
    sent = [field.label for field in fields if field.was_sent(params)]
    if sent and not may_edit_directly(view, record):
        raise Refused(refusal_of(sent))


def why_not_create(view: MasterView) -> str | None:
    """Return the reason why the user cannot create a record by form; None if they can.

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
        f"A new {view.title_one} needs a value for {listed(needed)}, which your role can only change by a batch."
        f" Import the {view.title_one} instead."
    )


def refusal_of(labels: Sequence[str]) -> str:
    """Return the sentences that refuse a form with the fields called ``labels``."""
    return f"{listed(labels)} can only be changed by a batch, so nothing was saved. Create a batch for the change."


def listed(labels: Sequence[str], word: str = "and") -> str:
    """Return labels as a list in a sentence: Price and On hand."""
    *others, last = labels
    return f"{', '.join(others)} {word} {last}" if others else last


def add_batch_only_link(
    config: Any, column: InstrumentedAttribute[Any], label: str, route_name: str, permission: str
) -> None:
    """Directive: offer a link to the batches that change ``column`` beside the form, where the column is read-only.

    The link has the text ``label``, leads to the route ``route_name`` and is shown to users with ``permission``. Raises
    ``ConfigurationError`` for a column that is not declared as ``by_batch_only``.
    """
    source = column.property.columns[0]
    if not source.info.get("by_batch_only"):
        raise ConfigurationError(f"{column} is not declared as by_batch_only, so its form shows no links.")

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
    help_ = f"Required if you change {names} here instead of by a batch. It is kept in the history."
    return Field.of(
        REASON, Kind.TEXT, label="Reason for the direct edit", max_length=LONGEST_REASON, help=help_
    )


def values_now(record: Any) -> dict[str, Any]:
    """Return the values of ``record`` in columns that change by batch only, by attribute; of a new one, its defaults."""
    names = [column.name for column in batch_only_columns(type(record))]
    if not inspect(record).persistent:
        defaults = scalar_defaults(inspect(type(record)).columns)
        return {name: defaults.get(name) for name in names}
    return {name: getattr(record, name) for name in names}


def direct_changes(
    view: MasterView, record: Any, before: Mapping[str, Any], reason: str | None
) -> list[DirectChange]:
    """Return the changes of ``record`` since ``before`` in the columns that change by batch only.

    Raises ``Refused`` if the user may not change them in a form, and ``Invalid`` if the reason is missing.
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
            {REASON: f"Enter why you set {names} here instead of by a batch. It is kept in the history."}
        )
    return found


def direct_edit(view: MasterView, record: Any, change: DirectChange, reason: str) -> DirectEdit:
    """Return the entry that records ``change`` of ``record``, with the user and the reason."""
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


def direct_edits(db: Session, record: Any, most: int, before: int | None = None) -> list[DirectEdit]:
    """Return the latest entries of ``record``, the newest first; none for a model without such columns.

    ``before`` is the id of an entry, for those that are older.
    """
    if not batch_only_columns(type(record)):
        return []
    statement = select(DirectEdit).where(
        DirectEdit.record_type == _type_of(record), DirectEdit.record_key == _key_of(record)
    )
    if before is not None:
        statement = statement.where(DirectEdit.id < before)
    return list(db.scalars(statement.order_by(DirectEdit.id.desc()).limit(most)))


def _type_of(record: Any) -> str:
    return str(inspect(type(record)).local_table.name)


def _key_of(record: Any) -> str:
    return "/".join(map(str, inspect(record).identity))
