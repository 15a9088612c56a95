"""The evidence of executed batches for auditors: their pages, and the pack that proves a batch without Batchbook."""

from __future__ import annotations

from typing import Any

from pyramid.config import PHASE1_CONFIG


def includeme(config: Any) -> None:
    """Add the pages. Needs ``batchbook.batches``, and comes before the batch types, to whose batches it adds pages."""
    # Imported here, so that the command that writes packs does without pages.
    from batchbook.audit.effects import EffectsView
    from batchbook.audit.executed_batches import ExecutedBatchesView, OnlyAudits, lead_to_audit
    from batchbook.audit.operations import OperationsView
    from batchbook.audit.pack_pages import DownloadPack
    from batchbook.audit.seal_page import SealPage
    from batchbook.audit.seal_verification import TASK
    from batchbook.batches import BatchTypes
    from batchbook.security.identity import SIGNED_IN
    from batchbook.services import services_of

    types = services_of(config.registry).get(BatchTypes)
    config.add_job_task(TASK)
    for page in (SealPage, DownloadPack):
        config.add_batch_page(page)
    for view in (OperationsView, EffectsView, ExecutedBatchesView):
        config.add_master_view(type(view.__name__, (view,), {"types": types}))
    config.add_view_predicate("only_audits", OnlyAudits)
    config.add_view(
        lead_to_audit, route_name="home", request_method="GET", permission=SIGNED_IN, only_audits=True
    )
    # The permissions are those of the types, which register themselves later.
    config.action("audit navigation", lambda: _add_navigation(config, types), order=PHASE1_CONFIG + 1)


def _add_navigation(config: Any, types: Any) -> None:
    """Show the start page in the navigation of auditors; whoever may see executed batches may open it."""
    readers = ("batch:*:audit", *(f"batch:{one.key}:audit" for one in types))
    config.add_navigation("Audit", "audit.index", readers, group="Batches", order=15)
