"""Contexts of a batch type's addresses: find the batch, and answer who may do what with it in its state."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from batchbook.batches import access
from batchbook.batches.engine.context import find_batch
from batchbook.batches.engine.engine import held_refusal
from batchbook.batches.lifecycle import READING, Action, BatchPermission
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.errors import Missing
from batchbook.master.contexts import MasterContext, RecordContext
from batchbook.master.records import key_of
from batchbook.security.identity import Identity, grants

if TYPE_CHECKING:
    from batchbook.batches.pages.view import BatchMasterView
    from batchbook.batches.running.activity import LockedByJob

#: What the index of a type asks for; everybody who may see some of its batches may do it.
_READING = frozenset({"view", "export"})
#: What can be done with many batches of a type at once; each of them is asked about by itself as well.
_MANY = frozenset({Action.REFRESH.value, Action.EXECUTE.value})


class TypeContext(MasterContext):
    """The context of the addresses that concern all batches of a type."""

    def permits(self, identity: Identity, permission: str) -> bool:
        """Return whether ``identity`` may see batches of the type, or create one."""
        _, key, name = permission.split(":")
        if name in _READING:
            return access.may(identity.permissions, key, Action.VIEW)
        if name == BatchPermission.CREATE:
            return access.may_create(identity.permissions, key)
        if name in _MANY:
            return access.may(identity.permissions, key, Action(name))
        return grants(identity.permissions, permission)


class BatchContext(RecordContext):
    """The context of the addresses of one batch. What may be done with it is in the lifecycle table."""

    view: BatchMasterView

    @cached_property
    def record(self) -> Any:
        """The batch that the address names; raises ``Missing`` if there is none of this type."""
        request = self.view.request
        types = request.services.get(BatchTypes)
        batch = find_batch(request.db, types, int(key_of(Batch, "id", request.matchdict["id"])))
        if not isinstance(batch, self.view.model):
            raise Missing(f"There is no {self.view.title_one} {batch.number}. It may have been deleted.")
        return batch

    def permits(self, identity: Identity, permission: str) -> bool:
        """Return whether the role of ``identity`` and the batch's state allow the action that ``permission`` names."""
        if self._held_from(_action(permission)) is not None:
            return False
        return access.may_now(identity.permissions, self.record, _action(permission))

    def refusal(self, identity: Identity, permission: str) -> str | None:
        """Return why the batch's state forbids what the role of ``identity`` would allow; or a job that has it."""
        action = _action(permission)
        held = self._held_from(action)
        if held is None:
            return access.state_refusal(identity.permissions, self.record, action)
        allowed = access.may(identity.permissions, held.batch.type, action)
        return held_refusal(held.batch, action, held.job) if allowed else None

    def _held_from(self, action: Action) -> LockedByJob | None:
        """Return the batch and the job that has it, where that keeps ``action`` off."""
        return None if action in READING else self.view.held(self._key)

    @property
    def _key(self) -> int:
        # Not asked of a record that is not loaded yet: on SQLite, loading it to change it would wait for the very job
        # that is the reason to refuse.
        loaded = self.__dict__.get("record")
        return (
            loaded.id if loaded is not None else int(key_of(Batch, "id", self.view.request.matchdict["id"]))
        )


def _action(permission: str) -> Action:
    return Action(permission.rpartition(":")[2])
