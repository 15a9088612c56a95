"""Contexts of a master view's addresses: find what an address names, and answer who may do what with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from batchbook.db.transactions import SAFE_METHODS
from batchbook.master import records
from batchbook.security.identity import grants

if TYPE_CHECKING:
    from batchbook.master.view import MasterView
    from batchbook.security.identity import Identity


class MasterContext:
    """The context of the addresses that concern all records, such as the index: it has no ``record``."""

    record: Any = None

    def __init__(self, view: MasterView) -> None:
        self.view = view

    def permits(self, identity: Identity, permission: str) -> bool:
        """Return whether ``identity`` may do here what ``permission`` names."""
        return grants(identity.permissions, permission)


class RecordContext(MasterContext):
    """The context of the addresses of one record."""

    @cached_property
    def record(self) -> Any:
        """The record that the address names; raises ``Missing`` when there is none.

        It is loaded when first asked for, which is after the permission was checked, so that nobody learns from the
        answer what exists. For a request that writes it is locked until the transaction ends.
        """
        request = self.view.request
        lock = request.method not in SAFE_METHODS
        return records.find(request.db, self.view.model, self.view.lookup, request.matchdict["id"], lock=lock)

    @classmethod
    def of(cls, view: MasterView, record: Any) -> RecordContext:
        """Return the context of a record that is loaded already."""
        context = cls(view)
        context.__dict__["record"] = record
        return context
