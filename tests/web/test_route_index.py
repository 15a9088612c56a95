"""The mapper of routes finds what Pyramid's finds, and tries fewer routes."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid import testing
from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.urldispatch import RoutesMapper

from batchbook.web.route_index import IndexedRoutesMapper

PATTERNS = (
    "/", "/batches", "/batches/{number:[0-9]+}", "/batches/price-change", "/batches/price-change/new",
    "/batches/price-change/{id:[0-9]+}", "/batches/price-change/{id:[0-9]+}/rows.{format}", "/batches/imports/",
    "batches/labels", "/batches/{type}/anything", "/{page}", "/files/*path", "/files*path", "/produ:kind/{id}",
    "/{everything:.*/.*}", "/batches/prüfung/{id}",
)  # fmt: skip
PATHS = (
    "/", "/batches", "/batches/", "/batches/17", "/batches/x", "/batches/price-change", "/batches/price-change/",
    "/batches/price-change/new", "/batches/price-change/8", "/batches/price-change/8/rows.csv",
    "/batches/price-change/8/other", "/batches/price-changes", "/batches/imports/", "/batches/imports",
    "/batches/labels", "/batches/labels/anything", "/elsewhere", "/elsewhere/", "/files", "/files/", "/files/a/b",
    "/filesystem", "/products/3", "//", "//batches", "/batches//anything", "/a/b/c", "/batches/prüfung/1", "",
)  # fmt: skip


def connected(mapper: RoutesMapper, patterns: tuple[str, ...] = PATTERNS) -> RoutesMapper:
    for pattern in patterns:
        mapper.connect(pattern, pattern)
    return mapper


def found(mapper: RoutesMapper, path: str) -> tuple[Any, Any]:
    request = Request.blank("/")
    request.path_info = path
    info = mapper(request)
    return info["route"] and info["route"].name, info["match"]


@pytest.mark.parametrize("patterns", [PATTERNS, PATTERNS[::-1], ()], ids=["in order", "reversed", "none"])
def test_it_finds_what_the_mapper_of_pyramid_finds(patterns: tuple[str, ...]) -> None:
    plain, indexed = connected(RoutesMapper(), patterns), connected(IndexedRoutesMapper(), patterns)
    for path in PATHS:
        assert found(indexed, path) == found(plain, path), path


def test_a_route_that_is_added_or_replaced_later_is_found() -> None:
    mapper = connected(IndexedRoutesMapper())
    assert found(mapper, "/reports/9") == ("/{everything:.*/.*}", {"everything": "reports/9"})
    mapper.connect("/{everything:.*/.*}", "/nothing")
    mapper.connect("reports", "/reports/{id}")
    assert found(mapper, "/reports/9") == ("reports", {"id": "9"})


def test_predicates_decide_among_routes_that_match() -> None:
    mapper = IndexedRoutesMapper()
    mapper.connect("first", "/batches/new", predicates=[lambda _info, request: request.method == "POST"])
    mapper.connect("second", "/batches/{word}")
    assert found(mapper, "/batches/new") == ("second", {"word": "new"})


def test_an_address_that_is_no_text_is_refused_as_by_pyramid() -> None:
    request = Request.blank("/")
    request.environ["PATH_INFO"] = "/batches/\xff"
    with pytest.raises(URLDecodeError):
        connected(IndexedRoutesMapper())(request)


def test_few_routes_are_tried(app: Any) -> None:
    mapper: Any = app.routes_mapper
    assert isinstance(mapper, IndexedRoutesMapper)
    for path in ("/", "/batches", "/batches/price-change/1/rows/2/cell", "/nowhere"):
        found(mapper, path)
    most = max(len(part.routelist) for part in mapper._make_parts().values())
    assert most < len(mapper.routelist) / 3


def test_routes_of_an_application_are_added_to_it() -> None:
    with testing.testConfig() as config:
        config.include("batchbook.web.route_index")
        config.add_route("home", "/")
        assert isinstance(config.registry.getUtility(IRoutesMapper), IndexedRoutesMapper)
        assert found(config.get_routes_mapper(), "/")[0] == "home"
