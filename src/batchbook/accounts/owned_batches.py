"""The batches of a user: what is unfinished, on the user's page, and the page that hands all of it over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from batchbook.batches import access
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.hand_over import hand_over_all, owned_by
from batchbook.batches.lifecycle import UNFINISHED, Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch.hand_over_page import log_hand_over, recipient_form, sent_recipient
from batchbook.batches.pages.view import state_query
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.running.several import MOST
from batchbook.grid import Verb
from batchbook.master import Page
from batchbook.master.view import MasterView
from batchbook.security.models import User
from batchbook.web.request import Request


@dataclass(frozen=True)
class OwnedBatches:
    """The number of unfinished batches of a user that the reader may see, and the address of their list."""

    count: int
    url: str


def owned_batches(request: Request, user: User) -> OwnedBatches | None:
    """Return the unfinished batches of ``user``, for the user's page; ``None`` in an application without batches."""
    types = request.services.find(BatchTypes)
    if types is None:
        return None
    seen = access.visible(request.identity.permissions, types)
    count = request.db.scalar(select(func.count()).select_from(Batch).where(owned_by(user.name), seen)) or 0
    query = [(f"f.owner.{Verb.EQUAL}", user.name), *state_query(UNFINISHED)]
    return OwnedBatches(count, request.route_path("batches.index", _query=query))


class HandOverBatches(Page):
    """The form that hands all unfinished batches of a user over to another one."""

    name = "hand_over"
    pattern = "/hand-over"
    permission = "edit"
    on_record = True
    button = "Hand over batches…"
    template = "batchbook.templates:accounts/hand_over.jinja2"

    @classmethod
    def offered(cls, view: MasterView, record: User) -> bool:
        """Return whether the user has batches that this person may hand over."""
        return bool(_may_hand_over(view.request, record))

    def get(self) -> dict[str, Any]:
        """Show the form."""
        batches = _may_hand_over(self.request, self.record)
        form = recipient_form(self.request, batches) if batches else None
        return self.template_values(
            batches=batches,
            form=form.bind() if form else None,
            owned=owned_batches(self.request, self.record),
            cancel_url=self.view.url("view", self.record),
        )

    def post(self) -> Any:
        """Hand them over, as many as can be."""
        request, to = self.request, sent_recipient(self.request)
        services = request.services
        engine = Engine(request.db, services.get(BatchTypes), services.settings, request.authenticated_userid)
        outcome = hand_over_all(engine, request.identity, _may_hand_over(request, self.record), to)
        return self.done(log_hand_over(request, outcome, to), self.view.url("view", self.record))


def _may_hand_over(request: Request, user: User) -> Sequence[Batch]:
    """Return the unfinished batches of ``user`` that the person may hand over, as many as are done at once."""
    permissions = request.identity.permissions
    types: Iterable[BatchType] = request.services.find(BatchTypes) or ()
    keys = [one.key for one in types if access.may(permissions, one.key, Action.HAND_OVER)]
    # The types' own tables are not read: only the common part of the headers is needed.
    statement = select(Batch).where(owned_by(user.name), Batch.type.in_(keys)).order_by(Batch.id).limit(MOST)
    found: Sequence[Batch] = request.db.scalars(statement).all()
    return found
