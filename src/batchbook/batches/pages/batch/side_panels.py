"""The panels beside a batch's rows: which of them there are, and which one is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchbook.batches.lifecycle import State
from batchbook.batches.models import Batch
from batchbook.web.request import Request

_TEMPLATES = "batchbook.templates:batches/panels"

#: The parameter of a batch's address that opens a panel; an empty text opens none.
PARAMETER = "panel"

#: The panel with what the type's template adds to the page.
OWN = "more"

#: The values of the template of a batch's page.
Values = Mapping[str, Any]


@dataclass(frozen=True)
class SidePanel:
    """A panel beside the rows of a batch.

    ``name`` is that of its template in ``batches/panels``, and of the panel in addresses. ``icon`` is the path of an icon in a
    box of 16 by 16. ``is_there`` tells from the values of the page whether the panel has anything to show.
    """

    name: str
    label: str
    icon: str
    is_there: Callable[[Values], bool] = lambda _values: True

    @property
    def template(self) -> str:
        """The template of the panel's content."""
        return f"{_TEMPLATES}/{self.name}.jinja2"


def _is_executable(values: Values) -> bool:
    return any(values[name] for name in ("planned", "execution")) or bool(values["batch"].execution_outcome)


def _has_comments(values: Values) -> bool:
    return values["comments"] is not None and (values["comments"].form or values["comments"].total)


#: The panels of every batch, in the order of their buttons.
SIDE_PANELS = (
    SidePanel("breakdown", "Breakdown", "M3 13V8.5M8 13V3M13 13V6", lambda values: values["batch"].row_count),
    SidePanel("facets", "Facets", "M2.5 4h11M2.5 8h7M2.5 12h4", lambda values: values["batch"].row_count),
    SidePanel("details", "Details", "M8 7.2V11.5M8 4.6v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z"),
    SidePanel("execution", "Execution", "M5 3.2v9.6L12.5 8Z", _is_executable),
    SidePanel("comments", "Comments", "M2.5 3h11v7.5H7.5L4.5 13v-2.5h-2Z", _has_comments),
    SidePanel("history", "History", "M8 4.5V8l2.4 1.6M2.6 9.5A5.6 5.6 0 1 0 3.4 5M2.6 2.6V5h2.5"),
    SidePanel("files", "Files", "M4 2h5l3 3v9H4ZM9 2v3h3", lambda values: values["files"]),
)


def panels_of(values: Values) -> list[SidePanel]:
    """Return the panels of the page with ``values``, in the order of their buttons."""
    return [panel for panel in SIDE_PANELS if panel.is_there(values)]


def open_panel(
    request: Request, batch: Batch, panels: Sequence[SidePanel], remembered: str | None = None
) -> str:
    """Return the name of the panel that is open, or an empty text for none.

    It is the one in the address, else the one that this person ``remembered``, else the one that concerns the batch now: the
    execution of a batch that is complete, the breakdown of one that has rows.
    """
    chosen = request.GET.get(PARAMETER, remembered)
    names = [*(panel.name for panel in panels), OWN]
    if chosen is not None and (not chosen or chosen in names):
        return str(chosen)
    if batch.state in (State.COMPLETE, State.EXECUTED) and "execution" in names:
        return "execution"
    return "breakdown" if "breakdown" in names else "details"
