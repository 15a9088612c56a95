"""The contexts of a batch type's addresses: they find the batch, and answer who may do what with it in its state."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from batchbook.batches import access
from batchbook.batches.lifecycle import Action, BatchPermission
from batchbook.batches.models import Batch
from batchbook.batches.work import find_batch
from batchbook.errors import Missing
from batchbook.master.records import key_of
from batchbook.master.resources import MasterContext, RecordContext
from batchbook.security.identity import Identity
from batchbook.security.permissions import grants

#: What the index of a type asks for; everybody who may see some of its batches may do it.
_READING = frozenset({"view", "export"})


class TypeContext(MasterContext):
    """The context of the addresses that concern all batches of a type."""

    def permits(self, identity: Identity, permission: str) -> bool:
        """Return whether ``identity`` may see batches of the type, or create one."""
        _, key, name = permission.split(":")
        if name in _READING:
            return access.may(identity.permissions, key, Action.VIEW)
        if name == BatchPermission.CREATE:
            return access.may_create(identity.permissions, key)
        return grants(identity.permissions, permission)


class BatchContext(RecordContext):
    """The context of the addresses of one batch. What may be done with it is in the lifecycle table."""

    @cached_property
    def record(self) -> Any:
        """The batch that the address names; raises ``Missing`` if there is none of this type."""
        request = self.view.request
        types = request.registry["batch_types"]
        batch = find_batch(request.db, types, int(key_of(Batch, "id", request.matchdict["id"])))
        if not isinstance(batch, self.view.model):
            raise Missing(f"There is no {self.view.title_one} {batch.number}. It may have been deleted.")
        return batch

    def permits(self, identity: Identity, permission: str) -> bool:
        """Return whether the role of ``identity`` and the batch's state allow the action that ``permission`` names."""
        return access.may_now(identity.permissions, self.record, _action(permission))

    def refusal(self, identity: Identity, permission: str) -> str | None:
        """Return why the batch's state forbids what the role of ``identity`` would allow."""
        return access.state_refusal(identity.permissions, self.record, _action(permission))


def _action(permission: str) -> Action:
    return Action(permission.rpartition(":")[2])
