"""The site's navigation: features add entries, and users see those that they may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import IRoutesMapper

from batchbook.security.identity import SIGNED_IN, grants_any
from batchbook.web.request import Request

_REGISTRY_KEY = "batchbook.navigation"
#: The most entries and menus that the bar has place for.
_MOST_IN_BAR = 9

# Pyramid connects routes in its last phase, 0; an entry may be declared before its route.
_AFTER_ROUTES = 10


@dataclass(frozen=True)
class Entry:
    """A declared entry: a link to ``route_name``, for users who hold any of ``permissions``."""

    label: str
    route_name: str
    permissions: tuple[str, ...]
    group: str
    order: int


@dataclass(frozen=True)
class NavItem:
    """An entry as a page shows it; ``active`` if the current page lies under it."""

    label: str
    url: str
    active: bool


@dataclass(frozen=True)
class NavGroup:
    """Entries that stand together: in the bar, or in a menu of their own if the bar has no place for them."""

    label: str
    items: list[NavItem]
    is_menu: bool = False

    @property
    def active(self) -> bool:
        """Whether the current page lies under one of them."""
        return any(item.active for item in self.items)


def add_navigation(
    config: Any,
    label: str,
    route_name: str,
    permission: str | tuple[str, ...],
    group: str = "",
    order: int = 100,
) -> None:
    """Directive: add an entry to the navigation for users who hold ``permission`` (of a tuple, any of them).

    ``permission`` may be :data:`~batchbook.security.identity.SIGNED_IN`. Entries are sorted by ``order``, then
    ``label``; those of one ``group``, which is the name of its menu, stand together. Two entries for one route are a configuration conflict; a route that does not exist raises
    ``ConfigurationError``.
    """
    permissions = (permission,) if isinstance(permission, str) else tuple(permission)
    entry = Entry(label, route_name, permissions, group, order)

    def register() -> None:
        mapper = config.registry.queryUtility(IRoutesMapper)
        if mapper is None or mapper.get_route(route_name) is None:
            raise ConfigurationError(
                f"The navigation entry {label!r} names the route {route_name!r}, which does not exist."
            )
        entries = config.registry.setdefault(_REGISTRY_KEY, [])
        entries.append(entry)
        entries.sort(key=lambda one: (one.order, one.label))

    introspectable = config.introspectable("navigation", route_name, label, "navigation entry")
    introspectable.update(vars(entry))
    config.action(
        ("navigation", route_name), register, introspectables=(introspectable,), order=_AFTER_ROUTES
    )


def navigation(request: Request) -> list[NavGroup]:
    """Return the entries that the user may see, in order; none for a visitor, and for who must change a password first."""
    identity = request.identity
    if identity is None or identity.must_change_password:
        return []
    entries = [
        entry
        for entry in request.registry.get(_REGISTRY_KEY, ())
        if SIGNED_IN in entry.permissions or grants_any(identity.permissions, entry.permissions)
    ]
    paths = [request.route_path(entry.route_name) for entry in entries]
    active = _nearest(_here(request), paths)
    groups: dict[str, list[NavItem]] = {}
    for entry, path in zip(entries, paths, strict=True):
        groups.setdefault(entry.group, []).append(NavItem(entry.label, path, path == active))
    return _fitted(groups)


def _fitted(groups: dict[str, list[NavItem]]) -> list[NavGroup]:
    """Return ``groups``, as many of the last ones as menus as it takes until the bar has place for the others' entries."""
    fitted, taken = [], sum(map(len, groups.values()))
    for label, items in reversed(groups.items()):
        is_menu = taken > _MOST_IN_BAR and len(items) > 1 and bool(label)
        taken -= (len(items) - 1) * is_menu
        fitted.append(NavGroup(label, items, is_menu))
    return fitted[::-1]


def _here(request: Request) -> str:
    try:
        return str(request.path)
    except UnicodeDecodeError:
        return ""  # The error page of an address that is not valid text lies under no entry.


def _nearest(here: str, paths: list[str]) -> str | None:
    # The longest path that the page lies under: /batches/price_change rather than /batches. "/" matches only itself.
    under = [
        path for path in paths if here == path or (path != "/" and here.startswith(path.rstrip("/") + "/"))
    ]
    return max(under, key=len, default=None)


def includeme(config: Any) -> None:
    """Add the directive ``config.add_navigation`` and ``request.navigation``."""
    config.add_directive("add_navigation", add_navigation)
    config.add_request_method(navigation, reify=True)
