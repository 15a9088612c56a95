"""Between a record and its form: what it shows, and the way of its values into the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.master.conflicts import Seen

if TYPE_CHECKING:
    from batchbook.master.view import MasterView


def fill(view: MasterView, record: Any, values: dict[str, Any]) -> None:
    """Set a form's ``values`` on ``record`` after the master view has looked at them."""
    values = dict(values)
    view.before_save(record, values)
    for name, value in values.items():
        setattr(record, name, value)


def seen_now(view: MasterView, record: Any) -> Seen:
    """Return what a form opened now would show of ``record``."""
    return Seen.of(record, view.form(record).bind(view.values_of(record)).texts)
