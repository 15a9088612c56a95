"""Contexts of one user and of one role: nobody changes a user or a role with more power than their own."""

from __future__ import annotations

from batchbook.accounts import admin_rules
from batchbook.db.transactions import SAFE_METHODS
from batchbook.errors import BatchbookError
from batchbook.master import RecordContext
from batchbook.security.identity import Identity

_READING = frozenset({"view", "export"})


class UserContext(RecordContext):
    """The context of one user. Whoever may look at users may look at everybody."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Refuse what the roles of ``identity`` do not allow, and changes of a user who has rights beyond theirs.

        All that is not reading is a change: pages that are added later are kept by this as well.
        """
        refused = super().refusal(identity, permission)
        if refused is not None or permission.rpartition(":")[2] in _READING:
            return refused
        request = self.view.request
        if request.method not in SAFE_METHODS:
            # Before anything is read, so that rights do not grow between the look and the change.
            admin_rules.one_at_a_time(request.db)
        return admin_rules.refusal_to_change(identity, self.view.label_of(self.record), self.held())

    def held(self) -> set[str]:
        """Return the permissions of the user's roles, whether switched off or not: they come back with the user."""
        return {permission for role in self.record.roles for permission in admin_rules.held_by(role)}


class RoleContext(UserContext):
    """The context of one role."""

    def held(self) -> set[str]:
        """Return the role's permissions."""
        return set(admin_rules.held_by(self.record))
