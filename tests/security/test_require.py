from __future__ import annotations

import pytest
from pyramid.exceptions import ConfigurationExecutionError
from pyramid.response import Response

from .harness import Site

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


class OddError(Exception):
    """An error with a view of its own."""


def test_a_view_without_a_permission_stops_the_start(site: Site) -> None:
    site.page("/open", lambda request: Response("open"), permission=None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationExecutionError, match="names no permission"):
        site.config.make_wsgi_app()


def test_a_default_permission_does_not_excuse_it(site: Site) -> None:
    site.config.set_default_permission("signed-in")
    site.page("/open", lambda request: Response("open"), permission=None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationExecutionError, match="names no permission"):
        site.config.make_wsgi_app()


def test_pages_for_everybody_say_so(site: Site) -> None:
    site.page("/open", lambda request: Response("open"))
    assert site.visitor().get("/open").text == "open"


def test_views_of_errors_need_none(site: Site) -> None:
    def fail(request: object) -> Response:
        raise OddError

    site.page("/odd", fail)
    site.config.add_view(lambda error, request: Response("odd"), context=OddError)
    assert site.visitor().get("/odd").text == "odd"
