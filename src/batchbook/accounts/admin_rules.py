"""Rules about administrators: there always is one, and others have no power over them."""

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

# The key of an advisory lock, which only this module takes: any number does.
_LOCK = 7_361_114_205


def is_admin(permissions: Set[str]) -> bool:
    """Return whether ``permissions`` make an administrator."""
    return all(grants(permissions, needed) for needed in _NEEDED)


def admins(db: Session) -> set[int]:
    """Return the ids of the users who are administrators and can sign in, as the database has it now."""
    held: dict[int, set[str]] = {}
    statement = select(User.id, RolePermission.permission).join(User.roles).join(Role.permissions)
    for user_id, permission in db.execute(statement.where(User.active, User.password_hash.is_not(None))):
        held.setdefault(user_id, set()).add(permission)
    return {user_id for user_id, permissions in held.items() if is_admin(permissions)}


def one_at_a_time(db: Session) -> None:
    """Let changes of accounts wait for each other until the transaction ends.

    Otherwise two administrators who switch each other off at one moment would each see the other one left. SQLite
    has one writer at a time anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def check(db: Session, actor: Identity) -> None:
    """Raise ``Conflict`` if, as the database has it now, nobody is administrator, or ``actor`` ceased to be one."""
    left = admins(db)
    if not left:
        raise Conflict(
            "This would leave nobody who can sign in and may edit users and roles. Nothing was changed."
        )
    if is_admin(actor.permissions) and actor.id not in left:
        raise Conflict(
            "This would take away your own right to edit users and roles. Nothing was changed; another administrator"
            " can do it for you."
        )


def refusal_to_give(actor: Identity, permissions: Iterable[str]) -> str | None:
    """Return the sentence that says why ``actor`` may not give others ``permissions``, or None.

    Administrators may give everything. Somebody who may edit users but not roles, or the other way round, must not
    become an administrator by it, so they give away only what they hold.
    """
    beyond = _beyond(actor, permissions)
    if not beyond:
        return None
    return f"You cannot give rights that you do not have yourself: {beyond}. Nothing was changed."


def refusal_to_change(actor: Identity, label: str, held: Iterable[str]) -> Refused | None:
    """Return the error by which ``actor`` may not change what is called ``label`` and holds ``held``, or None.

    Otherwise somebody who may edit users could sign in as an administrator by a new password, bring back one who was
    dismissed, or be rid of all; and somebody who may edit roles could take an administrator's rights away.
    """
    beyond = _beyond(actor, held)
    if not beyond:
        return None
    return Refused(
        f"The {label} has rights that you do not have yourself: {beyond}. Nothing was changed; an administrator can"
        " do it for you."
    )


def held_by(role: Role) -> list[str]:
    """Return the permissions of ``role`` by name."""
    return [entry.permission for entry in role.permissions]


def _beyond(actor: Identity, permissions: Iterable[str]) -> str:
    if is_admin(actor.permissions):
        return ""
    return ", ".join(sorted(name for name in permissions if not grants(actor.permissions, name)))


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
            one_at_a_time(request.db)
        return refusal_to_change(identity, self.view.label_of(self.record), self.held())

    def held(self) -> set[str]:
        """Return the permissions of the user's roles, whether switched off or not: they come back with the user."""
        return {permission for role in self.record.roles for permission in held_by(role)}


class RoleContext(UserContext):
    """The context of one role."""

    def held(self) -> set[str]:
        """Return the role's permissions."""
        return set(held_by(self.record))
