"""The page that offers the corrections of an earlier batch of the same source, with a preview, and applies those that fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches import access
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.registry import BatchTypes
from batchbook.batches.review.replay import apply_replay, earlier_batches, plan_replay
from batchbook.errors import Conflict, Missing
from batchbook.master import MasterView
from batchbook.master.paging import whole_number
from batchbook.web.flash import flash

#: The number of corrections of each kind that the page lists.
LISTED = 100


def _earlier(view: Any, batch: Batch, limit: int = 10) -> Sequence[Batch]:
    request = view.request
    visible = access.visible(request.identity.permissions, request.services.get(BatchTypes))
    return earlier_batches(view.engine, batch, visible, limit)


class ReplayCorrections(BatchPage):
    """The corrections of the earlier batch ``from`` in the address, by default the latest one of the same source."""

    name = "replay"
    pattern = "/replay"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/replay.jinja2"
    button = "Earlier corrections…"

    @classmethod
    def offered(cls, view: MasterView, record: Any) -> bool:
        """Offer it where there is an earlier batch of the same source."""
        return bool(_earlier(view, record, 1))

    def get(self) -> dict[str, Any]:
        """Show which corrections fit, and the reasons why others do not."""
        earlier = _earlier(self.view, self.batch)
        chosen = self._chosen(earlier, self.request.GET.get("from"))
        replay = plan_replay(self.engine, self.batch, chosen) if chosen else None
        return self.template_values(earlier=earlier, replay=replay, listed=LISTED, cancel_url=self.own_url)

    def post(self) -> HTTPSeeOther:
        """Apply those that fit, if they are the ones that were shown; else show them again."""
        fields = self.request.POST
        chosen = self._chosen(_earlier(self.view, self.batch), fields.get("from"))
        if chosen is None:
            raise Missing("There is no earlier batch of the same source. Nothing was changed.")
        try:
            message = apply_replay(self.engine, self.batch, chosen, fields.get("token", ""))
        except Conflict as error:
            flash(self.request, error.message, "error")
            return HTTPSeeOther(self.view.url("replay", self.batch, _query=[("from", chosen.id)]))
        flash(self.request, message)
        return HTTPSeeOther(self.own_url)

    def _chosen(self, earlier: Sequence[Batch], number: str | None) -> Batch | None:
        wanted = whole_number(number or "")
        if wanted is None:
            return earlier[0] if earlier else None
        return next((one for one in earlier if one.id == wanted), None)
