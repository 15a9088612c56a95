"""Routes of the auditors' pages: the start page, and the pages that every executed batch has."""

from __future__ import annotations

from typing import Any

from pyramid.config import PHASE1_CONFIG

from batchbook.audit.executed_batches import ExecutedBatchesView
from batchbook.audit.operations import OperationsView
from batchbook.audit.pack_pages import DownloadPack
from batchbook.audit.seal_page import SealPage
from batchbook.batches import BatchTypes, access
from batchbook.batches.lifecycle import BatchPermission
from batchbook.services import services_of

#: The permissions of those who find the start page in the navigation; whoever may see executed batches may open it.
_READERS = (BatchPermission.AUDIT,)


def includeme(config: Any) -> None:
    """Register the pages."""
    types = services_of(config.registry).get(BatchTypes)
    for page in (SealPage, DownloadPack):
        config.add_batch_page(page)
    # The columns and the permissions are those of the types, which register themselves later.
    for view in (OperationsView, ExecutedBatchesView):
        config.add_master_view(type(view.__name__, (view,), {"types": types}))
    config.action("audit navigation", lambda: _add_navigation(config, types), order=PHASE1_CONFIG + 1)


def _add_navigation(config: Any, types: BatchTypes) -> None:
    readers = ("batch:*:audit", *(access.permission(one.key, name) for one in types for name in _READERS))
    config.add_navigation("Audit", "audit.index", readers, group="Batches", order=15)
