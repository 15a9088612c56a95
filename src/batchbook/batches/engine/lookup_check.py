"""The check of an execution that the records which rows name still have the values that rows took from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, false, func, or_, select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.lookups import Lookup
from batchbook.db import lock_records
from batchbook.errors import Conflict
from batchbook.grid import Column, columns_of, to_text
from batchbook.words import counted, in_sentence, quoted_list

#: The number of rows that are named.
_NAMED = 5


def refuse_changed_records(context: ActionContext, options: Mapping[str, Any]) -> None:
    """Raise ``Conflict``, naming some, where what rows took by the handler's lookups changed since the refresh.

    That is a value that is watched, or a record that is no longer there. The records are locked, so that they stay as they are
    until the transaction ends. ``options`` are the values of the execution's options: a lookup that is overridden by one of them
    is not checked.
    """
    for lookup in context.handler.lookups:
        is_checked = bool(lookup.watch) or lookup.missing is not None
        if is_checked and not (lookup.overridden_by and options.get(lookup.overridden_by)):
            _refuse_changed(context, lookup)


def _refuse_changed(context: ActionContext, lookup: Lookup) -> None:
    rows, row = context.rows(), context.row
    key = getattr(row, lookup.column)
    watched = and_(rows.where, or_(row.status.is_(None), row.status.not_in(lookup.unwatched)))
    lock_records(context.session, lookup.id, watched, lookup.key == key)
    for record, joined in lookup.watched_models:
        lock_records(context.session, record, record.in_(lookup.joined(select(joined), rows).where(watched)))
    values = {name: lookup.taken(rows, name) for name in lookup.watch}
    differs = or_(
        false(),
        *(value.is_distinct_from(getattr(row, name)) for name, value in values.items()),
        lookup.is_gone(row),
    )
    changed = lookup.joined(select(row.sequence), rows).where(watched, differs)
    count = context.session.scalar(select(func.count()).select_from(changed.subquery())) or 0
    if not count:
        return
    named = changed.add_columns(
        key.label("name"),
        lookup.id.label("record"),
        *(getattr(row, name).label(f"old_{name}") for name in values),
        *(value.label(f"new_{name}") for name, value in values.items()),
    )
    found = context.session.execute(named.order_by(row.sequence).limit(_NAMED)).mappings().all()
    columns = [one for one in columns_of(row, lookup.watch) if context.access.sees(one.name)]
    sentences = ", ".join(_change(one, columns) for one in found)
    others = " and others" if count > _NAMED else ""
    words = counted(count, "row has a record that changed", "rows have records that changed")
    raise Conflict(
        f"Nothing was executed, because {words} since the last refresh: {sentences}{others}. Reopen the batch and refresh it"
        f" to see that{_other_way(context, lookup)}."
    )


def _change(found: RowMapping, columns: Sequence[Column]) -> str:
    """Return a row's key with the values of ``columns`` that were and are; hidden ones are not told."""
    if found["record"] is None:
        return f"{found['name']} (no longer there)"
    parts = [
        f"{in_sentence(one.label)} was {_text(one, old)}, now {_text(one, new)}"
        for one in columns
        if (old := found[f"old_{one.name}"]) != (new := found[f"new_{one.name}"])
    ]
    return f"{found['name']} ({'; '.join(parts)})" if parts else str(found["name"])


def _text(column: Column, value: Any) -> str:
    return "empty" if value is None else to_text(column, value)


def _other_way(context: ActionContext, lookup: Lookup) -> str:
    """Return the words on the option by which the check is skipped; none if there is no such option."""
    form = context.handler.execution_policy.options
    label = next((one.label for one in form.fields if one.name == lookup.overridden_by), "") if form else ""
    return f", or choose {quoted_list([label])}" if label else ""
