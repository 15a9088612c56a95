"""Rules that protect administrators: there is always one, and users with fewer rights cannot change them."""

from __future__ import annotations

from collections.abc import Iterable, Set

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from batchbook.db.transactions import SAFE_METHODS
from batchbook.errors import BatchbookError, Conflict, Refused
from batchbook.master import RecordContext
from batchbook.security.identity import Identity, grants
from batchbook.security.models import Role, RolePermission, User

_NEEDED = ("users:edit", "roles:edit")

# The key of an advisory lock that only this module takes; any number would do.
_LOCK = 7_361_114_205


def is_admin(permissions: Set[str]) -> bool:
    """Return whether ``permissions`` make an administrator."""
    return all(grants(permissions, needed) for needed in _NEEDED)


def admins(db: Session) -> set[int]:
    """Return the ids of the administrators who can sign in, as the database has them now."""
    by_user: dict[int, set[str]] = {}
    statement = select(User.id, RolePermission.permission).join(User.roles).join(Role.permissions)
    for user_id, permission in db.execute(statement.where(User.active, User.password_hash.is_not(None))):
        by_user.setdefault(user_id, set()).add(permission)
    return {user_id for user_id, permissions in by_user.items() if is_admin(permissions)}


def one_at_a_time(db: Session) -> None:
    """Serialise changes of accounts until the transaction ends.

    Otherwise two administrators who deactivate each other at the same time would each see that the other one is left.
    SQLite has a single writer anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def check(db: Session, actor: Identity) -> None:
    """Raise ``Conflict`` if no administrator is left in the database, or if ``actor`` is no longer one."""
    left = admins(db)
    if not left:
        raise Conflict(
            "This would leave nobody who can sign in and edit users and roles. Nothing was changed."
        )
    if is_admin(actor.permissions) and actor.id not in left:
        raise Conflict(
            "This would take away your own right to edit users and roles. Nothing was changed. Another administrator"
            " can do it for you."
        )


def refusal_to_give(actor: Identity, permissions: Iterable[str]) -> str | None:
    """Return the sentence that refuses ``actor`` to give ``permissions`` to others, or ``None``.

    Administrators may give all permissions, others only those that they hold. Otherwise a user who may edit users but
    not roles, or the other way round, could become an administrator.
    """
    beyond = _beyond(actor, permissions)
    if not beyond:
        return None
    return f"You cannot give rights that you do not have yourself: {beyond}. Nothing was changed."


def refusal_to_change(actor: Identity, label: str, permissions: Iterable[str]) -> Refused | None:
    """Return the error that refuses ``actor`` to change the user or role ``label`` with ``permissions``, or ``None``.

    Without this rule, a user who may edit users could set an administrator's password and sign in with it, reactivate
    an administrator or deactivate them all; and a user who may edit roles could take an administrator's rights away.
    """
    beyond = _beyond(actor, permissions)
    if not beyond:
        return None
    return Refused(
        f"The {label} has rights that you do not have yourself: {beyond}. Nothing was changed. An administrator can"
        " do it for you."
    )


def permissions_of(role: Role) -> list[str]:
    """Return the names of the permissions of ``role``."""
    return [entry.permission for entry in role.permissions]


def _beyond(actor: Identity, permissions: Iterable[str]) -> str:
    if is_admin(actor.permissions):
        return ""
    return ", ".join(sorted(name for name in permissions if not grants(actor.permissions, name)))


_READING = frozenset({"view", "export"})


class UserContext(RecordContext):
    """The context of one user. Users who may view users may view all of them."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Refuse what the roles of ``identity`` do not permit, and changes of a user who has permissions beyond theirs.

        Every permission but those for reading is one to change, so pages that are added later are protected as well.
        """
        refused = super().refusal(identity, permission)
        if refused is not None or permission.rpartition(":")[2] in _READING:
            return refused
        request = self.view.request
        if request.method not in SAFE_METHODS:
            # Before anything is read, so that permissions cannot change between the check and the change.
            one_at_a_time(request.db)
        return refusal_to_change(identity, self.view.label_of(self.record), self.permissions())

    def permissions(self) -> set[str]:
        """Return the permissions of the user's roles, even of a user who is switched off: activating brings them back."""
        return {permission for role in self.record.roles for permission in permissions_of(role)}


class RoleContext(UserContext):
    """The context of one role."""

    def permissions(self) -> set[str]:
        """Return the role's permissions."""
        return set(permissions_of(self.record))
