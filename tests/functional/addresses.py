"""Every address that the application answers, asked of the application itself, so that new ones are tested too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.interfaces import IRoutesMapper
from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches.registry import BatchTypes
from batchbook.services import services_of

from .harness import CatalogueDatabase

#: The type of the batches that the tests make, as its routes begin.
OURS = "batches.price_change."

#: What stands in an address beside the number or name of a record.
ORDINARY = {
    "type": "price_change",
    "sequence": "1",
    "number": "1",
    "field": "new_price",
    "format": "csv",
    "subpath": ("css", "batchbook.css"),
}


#: A field for everything that some form asks for, with a value that it would take.
FIELDS = {
    "version": "1",
    "field": "new_price",
    "value": "1.00",
    "new_price": "1.00",
    "item_code": "000000011",
    "apply": "increase",
    "overwrite": "yes",
    "seen": "8-36-8",
    "text": "000000011",
    "description": "changed",
}


@dataclass(frozen=True)
class Address:
    """One view: the route's name, its pattern, the method it answers."""

    route: str
    pattern: str
    method: str

    @property
    def has_record(self) -> bool:
        """Whether it names a record."""
        return "{id}" in self.pattern

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


class Addresses:
    """All addresses of an application, and how to fill them in."""

    def __init__(self, app: Any, catalogue: CatalogueDatabase) -> None:
        self.registry = app.registry
        self.catalogue = catalogue
        self.mapper = app.registry.getUtility(IRoutesMapper)
        self.all = tuple(sorted(self._found(), key=str))

    def _found(self) -> set[Address]:
        introspector = self.registry.introspector
        found = set()
        for item in introspector.get_category("views"):
            view = item["introspectable"]
            route = introspector.get("routes", view["route_name"]) if view["route_name"] else None
            if route is None or view["route_name"].startswith("__static"):
                continue  # Error pages and static files answer everything.
            if "{id}" in route["pattern"] and _is_elsewhere(view["route_name"]):
                continue
            methods = view["request_methods"] or ("GET", "POST")
            for method in (methods,) if isinstance(methods, str) else methods:
                if method != "HEAD":
                    found.add(Address(view["route_name"], route["pattern"], method))
        return found

    def of_batches(self, method: str) -> list[Address]:
        """Return the addresses below one batch, of every type."""
        types = tuple(f"batches.{one.key}." for one in services_of(self.registry).get(BatchTypes))
        return [a for a in self.all if a.method == method and a.has_record and a.route.startswith(types)]

    def with_method(self, method: str) -> list[Address]:
        """Return the addresses that answer a method."""
        return [address for address in self.all if address.method == method]

    def url(self, address: Address, batch: int, **values: Any) -> str:
        """Return an address filled in: a batch's with that number, others with the first record there is, or number 1."""
        filled = {"id": str(batch), **ORDINARY}
        if address.has_record and address not in self.of_batches(address.method):
            filled["id"] = self._first_key(address.route.rpartition(".")[0])
        return str(self.mapper.get_route(address.route).generate(filled | values))

    def _first_key(self, prefix: str) -> str:
        introspectable = self.registry.introspector.get("master views", prefix)
        assert introspectable is not None, (
            f"{prefix}: the tests do not know which record stands in its addresses"
        )
        view = introspectable["view"]
        with Session(self.catalogue.engine) as session:
            return str(session.scalars(select(getattr(view.model, view.lookup)).limit(1)).first() or 1)


def _is_elsewhere(route: str) -> bool:
    """Tell whether a route is that of a batch of another type than the tests' batches have: the pages are the same."""
    return route.startswith("batches.") and route.count(".") > 1 and not route.startswith(OURS)


def complaints(found: Mapping[str, int], right: Mapping[str, int] | int) -> dict[str, int]:
    """Return the answers that are not as they should be, by address."""
    wanted = (lambda _: right) if isinstance(right, int) else right.get
    return {address: status for address, status in found.items() if status != wanted(address)}
