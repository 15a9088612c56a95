"""Between a record and its form: what it shows, and the way of its values into the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.master.batch_only import REASON, form_for
from batchbook.master.conflicts import Seen
from batchbook.master.direct import DirectChange, direct_changes, values_now

if TYPE_CHECKING:
    from batchbook.master.view import MasterView


def fill(view: MasterView, record: Any, values: dict[str, Any]) -> list[DirectChange]:
    """Set a form's ``values`` on ``record`` after the master view has looked at them.

    Return the changes among them of what otherwise changes by batch only. It is the record that is looked at, so that
    it does not matter which field, or which hook, set the value.
    """
    values = dict(values)
    reason = values.pop(REASON, None)
    before = values_now(record)
    view.before_save(record, values)
    for name, value in values.items():
        setattr(record, name, value)
    return direct_changes(view, record, before, reason)


def seen_now(view: MasterView, record: Any) -> Seen:
    """Return what a form opened now would show of ``record``."""
    return Seen.of(record, form_for(view, record).bind(view.values_of(record)).texts)
