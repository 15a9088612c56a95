from __future__ import annotations

import pytest
from pyramid.exceptions import ConfigurationExecutionError
from pyramid.response import Response

from .harness import WebHarness

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


class OddError(Exception):
    """An error with a view of its own."""


def test_a_view_without_a_permission_stops_the_start(harness: WebHarness) -> None:
    harness.page("/open", lambda request: Response("open"), permission=None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationExecutionError, match="names no permission"):
        harness.config.make_wsgi_app()


def test_a_default_permission_does_not_excuse_it(harness: WebHarness) -> None:
    harness.config.set_default_permission("signed-in")
    harness.page("/open", lambda request: Response("open"), permission=None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationExecutionError, match="names no permission"):
        harness.config.make_wsgi_app()


def test_pages_for_everybody_say_so(harness: WebHarness) -> None:
    harness.page("/open", lambda request: Response("open"))
    assert harness.visitor().get("/open").text == "open"


def test_views_of_errors_need_none(harness: WebHarness) -> None:
    def fail(request: object) -> Response:
        raise OddError

    harness.page("/odd", fail)
    harness.config.add_view(lambda error, request: Response("odd"), context=OddError)
    assert harness.visitor().get("/odd").text == "odd"
