"""The permissions that roles can have: those that the application's views require, and those of batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.security import NO_PERMISSION_REQUIRED

from batchbook.batches.lifecycle import BatchPermission
from batchbook.batches.registry import BatchTypes
from batchbook.grid import label_of
from batchbook.master import MasterContext, MasterView
from batchbook.master.direct_edits import EDIT_DIRECTLY
from batchbook.security.default_roles import DEFAULT_ROLES
from batchbook.security.identity import OWN_ACCOUNT, SIGNED_IN, grants
from batchbook.security.settings import ASK_PASSWORD_FOR, SecuritySettings
from batchbook.services import services_of

_GENERAL = {"*": "Everything except batches", "batch:*": "Batches of every type"}
_ORDER = (
    "*",
    "view",
    "export",
    "create",
    "edit",
    EDIT_DIRECTLY,
    "audit",
    "approve",
    "execute",
    "reverse",
    "hand-over",
    "delete",
)
#: Permissions of views that no role needs.
_FOR_ALL = (SIGNED_IN, OWN_ACCOUNT, NO_PERMISSION_REQUIRED)

_WORDS = {
    "*": "Everything",
    "audit": "View executed batches only",
    BatchPermission.REVERSE: "Make batches that reverse executed ones",
    BatchPermission.HAND_OVER: "Hand over to other users",
    "share": "Share with roles, and choose the defaults of lists",
    EDIT_DIRECTLY: "Edit fields that otherwise change by batch only",
}


@dataclass(frozen=True)
class KnownPermission:
    """A permission with its words: ``group`` names the subject, ``label`` the action."""

    permission: str
    group: str
    label: str

    @property
    def full_label(self) -> str:
        """The words for the permission where no heading names its group."""
        return f"{self.group}: {self.label.lower()}"


def known_permissions(registry: Any, of_role: Iterable[str] = ()) -> list[KnownPermission]:
    """Return the permissions of views, of shipped roles, of batches of each type and of every type, and those ``of_role``.

    ``of_role`` are those that a role has already. They are included even if the feature that required them is gone, so
    that saving a role unchanged never changes it. Sorted by group, general ones first.
    """
    views = _views(registry.introspector)
    batch_types = tuple(services_of(registry).find(BatchTypes) or ())
    shipped = {permission for role in DEFAULT_ROLES.values() for permission in role.permissions}
    of_batches = {
        f"batch:{key}:{permission}"
        for key in ("*", *(batch_type.key for batch_type in batch_types))
        for permission in BatchPermission
    }
    titles = {view.prefix: view.title for view in views}
    titles |= {f"batch:{kind.key}": f"Batches: {kind.title}" for kind in batch_types} | _GENERAL
    names = shipped | {*of_role} | {*_of_views(registry.introspector)} | of_batches
    return [_known(name, titles) for name in sorted(names, key=_sort_key)]


def _of_views(introspector: Any) -> Iterator[str]:
    # A context of its own translates a view's permission, such as an action in the lifecycle of a batch, into those that
    # roles have; so the view's own permission is not one for roles.
    by_roles = MasterContext.refusal
    translated = {
        view.prefix for view in _views(introspector) if view.context_factory.refusal is not by_roles
    }
    for item in introspector.get_category("permissions", ()):
        name = str(item["introspectable"]["value"])
        about = name.split(":")[0]
        if name not in _FOR_ALL and about != "batch" and about not in translated:
            yield name


def _views(introspector: Any) -> list[type[MasterView]]:
    return [item["introspectable"]["view"] for item in introspector.get_category("master views", ())]


def _known(name: str, titles: dict[str, str]) -> KnownPermission:
    about, _, action = name.rpartition(":")
    return KnownPermission(
        name, titles.get(about) or label_of(about or "other"), _WORDS.get(action) or label_of(action)
    )


def _sort_key(name: str) -> tuple[Any, ...]:
    about, _, action = name.rpartition(":")
    place = _ORDER.index(action) if action in _ORDER else len(_ORDER)
    return ("*" not in about, about.startswith("batch"), about, place, action)


def refuse_unknown_confirmed(registry: Any) -> None:
    """Raise ``ConfigurationError`` if the password is to be asked again for a permission that no page needs."""
    needed = {
        str(item["introspectable"]["value"]) for item in registry.introspector.get_category("permissions", ())
    }
    for pattern in sorted(services_of(registry).get(SecuritySettings).ask_password_for):
        if not any(grants({pattern}, permission) for permission in needed):
            raise ConfigurationError(
                f"The setting {ASK_PASSWORD_FOR.name} names {pattern!r}, which no page needs, so that it would ask nobody. Names are like"
                " users:edit or batch:*:execute."
            )
