"""Permissions that can be given, found by asking the application what its views require."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from batchbook.batches.lifecycle import BatchPermission
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.grid import label_of
from batchbook.master import MasterContext, MasterView
from batchbook.master.direct_edits import EDIT_DIRECTLY
from batchbook.security.default_roles import DEFAULT_ROLES
from batchbook.security.identity import SIGNED_IN
from batchbook.services import services_of

_GENERAL = {"*": "Everything but batches", "batch:*": "Batches of every type"}
_ORDER = ("*", "view", "export", "create", "edit", EDIT_DIRECTLY, "audit", "execute", "delete")
#: What views name that is not given to anybody.
_FOR_ALL = (SIGNED_IN, NO_PERMISSION_REQUIRED)

_WORDS = {
    "*": "All of it",
    "audit": "View executed ones only",
    EDIT_DIRECTLY: "Edit directly what changes by batch only",
}


@dataclass(frozen=True)
class KnownPermission:
    """A permission with the words for it: what it is about (``group``), and what it lets one do (``label``)."""

    permission: str
    group: str
    label: str

    @property
    def full_label(self) -> str:
        """The words for it where no heading names the group."""
        return f"{self.group}: {self.label.lower()}"


def known_permissions(registry: Any, held: Iterable[str] = ()) -> list[KnownPermission]:
    """Return what can be given: what views ask for, what can be done with batches of each and of every type, ``held``.

    What a role holds already is always among them, also if the feature that asked for it is gone, so that a role is
    never changed by being looked at. Ordered by group, general ones first.
    """
    views = _views(registry.introspector)
    batch_types = tuple(services_of(registry).find(BatchTypes) or ())
    shipped = {permission for role in DEFAULT_ROLES.values() for permission in role.permissions}
    names = shipped | {*held} | {*_of_views(registry.introspector)} | {*_of_batches(batch_types)}
    titles = _titles(views, batch_types)
    return [_known(name, titles) for name in sorted(names, key=_sort_key)]


def _of_views(introspector: Any) -> Iterator[str]:
    # Contexts of their own translate what a view asks for, such as an action in the life of a batch, into what roles
    # hold; so what those views ask for is not for roles.
    by_roles = MasterContext.refusal
    translated = {
        view.prefix for view in _views(introspector) if view.context_factory.refusal is not by_roles
    }
    for item in introspector.get_category("permissions", ()):
        name = str(item["introspectable"]["value"])
        about = name.split(":")[0]
        if name not in _FOR_ALL and about != "batch" and about not in translated:
            yield name


def _of_batches(batch_types: Iterable[BatchType]) -> Iterator[str]:
    for key in ("*", *(batch_type.key for batch_type in batch_types)):
        yield from (f"batch:{key}:{permission}" for permission in BatchPermission)


def _views(introspector: Any) -> list[type[MasterView]]:
    return [item["introspectable"]["view"] for item in introspector.get_category("master views", ())]


def _titles(views: Iterable[type[MasterView]], batch_types: Iterable[BatchType]) -> dict[str, str]:
    titles = {view.prefix: view.title for view in views}
    types = {f"batch:{kind.key}": f"Batches: {kind.title}" for kind in batch_types}
    return titles | types | _GENERAL


def _known(name: str, titles: dict[str, str]) -> KnownPermission:
    about, _, what = name.rpartition(":")
    return KnownPermission(
        name, titles.get(about) or label_of(about or "other"), _WORDS.get(what) or label_of(what)
    )


def _sort_key(name: str) -> tuple[Any, ...]:
    about, _, what = name.rpartition(":")
    place = _ORDER.index(what) if what in _ORDER else len(_ORDER)
    return ("*" not in about, about.startswith("batch"), about, place, what)
