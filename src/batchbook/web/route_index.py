"""The mapper of routes, which tries only those whose address can begin like that of the request.

Pyramid tries all routes one after the other. An application with a dozen batch types has several hundred, and each request
would try most of them before it comes to its own.
"""

from __future__ import annotations

from typing import Any

from pyramid.interfaces import IRoutesMapper
from pyramid.urldispatch import RoutesMapper
from zope.interface import implementer

#: A beginning of addresses: their first segments, as far as these are the same for all addresses of a route.
Start = tuple[str, ...]
#: The most segments of a beginning: "batches" and the name of a type.
_SEGMENTS = 2
#: What makes a segment of a pattern stand for others than itself.
_PLACEHOLDERS = frozenset("{:*")


@implementer(IRoutesMapper)
class IndexedRoutesMapper(RoutesMapper):
    """A mapper that finds the same routes as Pyramid's, which match in the order in which they were added."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: dict[Start, RoutesMapper] = {}

    def connect(self, *arguments: Any, **options: Any) -> Any:
        """Add a route, as :meth:`pyramid.urldispatch.RoutesMapper.connect` does."""
        self._parts = {}
        return super().connect(*arguments, **options)

    def __call__(self, request: Any) -> Any:
        """Return the route of the request and the parts of its address, as Pyramid's mapper does."""
        try:
            path = request.path_info or "/"
        except (KeyError, UnicodeDecodeError):  # Pyramid's mapper says what is wrong with it.
            return super().__call__(request)
        parts = self._parts or self._make_parts()
        start = _segments(path)
        return next(parts[start[:n]] for n in range(len(start), -1, -1) if start[:n] in parts)(request)

    def _make_parts(self) -> dict[Start, RoutesMapper]:
        """Return for each beginning a mapper with the routes whose addresses can begin like that."""
        starts = [_start_of(route.pattern) for route in self.routelist]
        parts: dict[Start, RoutesMapper] = {}
        for start in {(), *starts}:
            parts[start] = RoutesMapper()
            known = zip(starts, self.routelist, strict=True)
            parts[start].routelist = [route for own, route in known if start[: len(own)] == own]
        self._parts = parts
        return parts


def _segments(path: str) -> Start:
    return tuple(path.removeprefix("/").split("/", _SEGMENTS)[:_SEGMENTS])


def _start_of(pattern: str) -> Start:
    segments = _segments(pattern)
    fixed = (place for place, one in enumerate(segments) if not _PLACEHOLDERS.isdisjoint(one))
    return segments[: next(fixed, len(segments))]


def includeme(config: Any) -> None:
    """Make it the application's mapper; to be included before the first route is added."""
    config.registry.registerUtility(IndexedRoutesMapper(), IRoutesMapper)
