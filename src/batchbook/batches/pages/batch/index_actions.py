"""Actions on all batches of an index: a page of confirmation, then one job for each batch or the action itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from batchbook.batches.concurrency import TOKEN_FIELD, Token, refuse_changed
from batchbook.batches.engine.hand_over import hand_over_all
from batchbook.batches.engine.preview import bind_options, default_values
from batchbook.batches.lifecycle import Action, is_job
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch.hand_over_page import log_hand_over, recipient_form, sent_recipient
from batchbook.batches.pages.batch.policy_panel import ExecutionNeeds, demand_password, sign_if_needed
from batchbook.batches.pages.batch.schedule_page import sent_options
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.pages.view_models import bound_options
from batchbook.batches.policies.declaration import Policy
from batchbook.batches.policies.stored import applied_policy
from batchbook.batches.running.activity import running_now
from batchbook.batches.running.several import MOST, MOST_ROWS, Candidates, candidates, enqueue_all
from batchbook.errors import BadInput, Conflict
from batchbook.forms import BoundForm, Form
from batchbook.jobs.service import JobService
from batchbook.jobs.views import active_jobs_url
from batchbook.master import Index, Page

#: The number of left-out batches that the page names.
SHOWN = 20


class BatchIndex(Index):
    """The batches of one type, with running jobs above them and actions on all that match."""

    view: BatchMasterView

    def get(self) -> dict[str, Any]:
        """Show the grid."""
        view = self.view
        values = super().get()
        visible = view.visible_to(self.request.services, self.request.identity)
        running = running_now(self.request, Batch.type == view.batch_type.key, visible)
        return values | {
            "running": running,
            "running_url": active_jobs_url(self.request),
            "actions": self._actions(values["grid"].window.total),
        }

    def _actions(self, total: int) -> list[tuple[str, str]]:
        """Return the actions on all ``total`` batches of the index: label of a link, name of its page."""
        if total < 2:
            return []
        in_background = self.request.services.get(JobService).in_background
        return [
            (f"{action.label} all {total:,}…", f"{action.value}_all")
            for action in (Action.REFRESH, Action.EXECUTE, Action.HAND_OVER)
            if (in_background or not is_job(action)) and self.view.may(action.value)
        ]


class _ManyPage(Page):
    """An action on every batch that the index shows; ``effect`` is the end of a sentence on what will happen to them."""

    view: BatchMasterView
    action: Action
    effect = ", each in a job of its own. The next page shows the result of each job; you don't have to wait there."
    template = "batchbook.templates:batches/many.jinja2"

    def __init_subclass__(cls) -> None:
        """Name route, address and permission after the action."""
        cls.name, cls.pattern = f"{cls.action.value}_all", f"/{cls.action.value}-all"
        cls.permission = cls.action.value

    def get(self) -> dict[str, Any]:
        """Show which batches the action concerns and which it leaves out, with the reasons."""
        chosen = self._chosen()
        form = self._form(chosen)
        query = f"?{self.request.query_string}" if self.request.query_string else ""
        # Reasons name their batch; only what follows is the same for several.
        reasons = Counter((one.reason or "").partition(". ")[2] or one.reason for one in chosen.unfit)
        return self.template_values(
            action=self.action,
            chosen=chosen,
            unfit=chosen.unfit[:SHOWN],
            reasons=reasons.most_common(),
            effect=self.effect,
            form=form,
            needs=self.needs if self.action is Action.EXECUTE else None,
            post_url=f"{self.view.url(self.name)}{query}",
            cancel_url=f"{self.view.url('index')}{query}",
        )

    def post(self) -> HTTPSeeOther:
        """Carry the action out, if the batches are those that the person confirmed."""
        chosen = self._chosen()
        refuse_changed(
            Token(self.request.POST.get(TOKEN_FIELD, "")),
            chosen.token,
            "Nothing was done: other batches match now, or one of them was changed. Go back and review them again.",
        )
        return self._carry_out(chosen)

    def _carry_out(self, chosen: Candidates) -> HTTPSeeOther:
        """Enqueue a job for each batch, and show their group."""
        options = sent_options(self.request, self._options_form())
        bind_options(self._handler, options)
        actor = self.request.authenticated_userid
        sign = self._sign_each(options) if self.needs.signature else None
        group, _refused = enqueue_all(self.request.services, self.request.db, actor, chosen, options, sign)
        return HTTPSeeOther(self.request.route_path("job_groups.view", id=group.id))

    def _chosen(self) -> Candidates:
        view, request = self.view, self.request
        if is_job(self.action) and not request.services.get(JobService).in_background:
            raise Conflict(
                "Actions run immediately here, so they can't be applied to many batches at once. Nothing was done."
            )
        grid = view.grid()
        if grid.state.problems:
            raise BadInput(f"{' '.join(grid.state.problems)} Nothing was done.")
        rows = grid.grid.all_rows(request.db, grid.state, grid.user)
        ids = [row.id for row in islice(rows, MOST + 1)]
        if len(ids) > MOST:
            raise BadInput(f"More than {MOST:,} batches match, so nothing was done. Narrow down the filters.")
        return candidates(
            request.services,
            request.db,
            request.identity,
            view.batch_type,
            self.action,
            ids,
            most_rows=MOST_ROWS,
        )

    def _form(self, _chosen: Candidates) -> BoundForm | None:
        """Return the form on the page of confirmation."""
        form = self._options_form()
        conventions = self.request.conventions
        return bound_options(form, default_values(self._handler), conventions) if form else None

    @property
    def _handler(self) -> Any:
        return self.view.batch_type.handler

    @property
    def needs(self) -> ExecutionNeeds:
        """Needs of the policy of the type for an execution; nothing for other actions."""
        if self.action is not Action.EXECUTE:
            return ExecutionNeeds.of(Policy())
        declared = self._handler.execution_policy.policy
        return ExecutionNeeds.of(applied_policy(self.request.db, self.view.batch_type.key, declared))

    def _sign_each(self, options: Mapping[str, Any]) -> Callable[[int], None]:
        """Demand the password, which signs all of the batches; return the function that signs one."""
        demand_password(self.request)
        engine = self.view.engine
        return lambda batch_id: sign_if_needed(engine, batch_id, options)

    def _options_form(self) -> Form | None:
        form: Form | None = self._handler.execution_policy.options
        return form if self.action is Action.EXECUTE else None


class RefreshAll(_ManyPage):
    """Refresh them all."""

    action = Action.REFRESH


class ExecuteAll(_ManyPage):
    """Execute them all."""

    action = Action.EXECUTE
    effect = (
        ", each in a job of its own, and then frozen. The next page shows the result of each job; you don't have to wait"
        " there."
    )


class HandOverAll(_ManyPage):
    """Hand them all over to one user."""

    action = Action.HAND_OVER
    effect = " to the user that you choose, who then finds them among their open batches."

    def _form(self, chosen: Candidates) -> BoundForm:
        return recipient_form(self.request, chosen.fit).bind()

    def _carry_out(self, chosen: Candidates) -> HTTPSeeOther:
        """Hand the batches over at once, and show the index."""
        to, identity = sent_recipient(self.request), self.request.identity
        outcome = hand_over_all(self.view.engine, identity, chosen.fit, to)
        return self.done(log_hand_over(self.request, outcome, to), self.view.url("index"))
