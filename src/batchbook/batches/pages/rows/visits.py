"""Visits of people to a batch, by which its page tells what others changed since.

A visit is what somebody sees of a batch without half an hour between. The page tells by a POST which operation was the latest
that it showed, because looking itself changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyramid.httpexceptions import HTTPNoContent, HTTPSeeOther
from pyramid.response import Response
from sqlalchemy.orm import Session

from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.db import utc_now
from batchbook.master.grid_settings import recall, remember
from batchbook.master.paging import whole_number

#: The pause after which another visit begins.
PAUSE = timedelta(minutes=30)


@dataclass(frozen=True)
class Visit:
    """The last visit of somebody to a batch, as it is remembered.

    ``latest`` is the number of the latest operation that was seen in it, ``earlier`` that of the visit before, and ``at`` the
    time at which a page was last shown.
    """

    earlier: int
    latest: int
    at: datetime

    @classmethod
    def last(cls, session: Session, user: str | None, batch: Batch) -> Visit | None:
        """Return the last visit of ``user`` to ``batch``; ``None`` if there was none."""
        stored = recall(session, user, _key(batch)) if user else None
        if not stored:
            return None
        return cls(stored["before"], stored["latest"], datetime.fromisoformat(stored["at"]))

    @property
    def is_over(self) -> bool:
        """Whether somebody who looks now begins another visit."""
        return utc_now() - self.at > PAUSE

    @property
    def before(self) -> int:
        """The latest operation that was seen before the present visit."""
        return self.latest if self.is_over else self.earlier


def _key(batch: Batch) -> str:
    return f"{batch.filters_key}.seen"


class MarkSeen(BatchPage):
    """The target of the form that tells which operation of a batch somebody has seen."""

    name = "seen"
    pattern = "/rows/seen"
    permission = Action.VIEW.value

    def post(self) -> Response:
        """Remember the operation: of a page that is shown, as the latest of the visit; else as one after which all is new."""
        params: Mapping[str, Any] = self.request.POST
        session, user = self.request.db, self.request.authenticated_userid
        operation = min(
            whole_number(params.get("operation", "")) or 0, last_operation(session, self.batch.id)
        )
        visit = Visit.last(session, user, self.batch)
        by_itself = params.get("by") == "page"
        before = visit.before if visit is not None and by_itself else operation
        latest = max(operation, visit.latest) if visit is not None else operation
        settings = {"before": before, "latest": latest, "at": utc_now().isoformat()}
        remember(session, user, _key(self.batch), settings)
        return HTTPNoContent() if by_itself else HTTPSeeOther(self.own_url)
