from __future__ import annotations

from typing import Any

import pytest
from pyramid.httpexceptions import HTTPNoContent
from pyramid.response import Response
from pyramid.security import forget, remember

from batchbook.errors import BatchbookError, Conflict, Refused
from batchbook.security.identity import Identity

from .harness import WebHarness, token_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


class Drawer:
    """A context that decides by itself: Anna may open it, and would pull it if it were not stuck."""

    decided = 0

    def __init__(self, _request: Any) -> None:
        """Made for each request."""

    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        type(self).decided += 1
        if identity.name != "anna":
            return Refused("The drawer is Anna's.") if permission == "drawer:open" else Refused()
        return Conflict("The drawer is glued shut.") if permission == "drawer:pull" else None


def _hello(request: Any) -> Response:
    return Response(f"hello {request.identity.name} {request.authenticated_userid}")


def test_a_permission_of_a_role_opens_a_page(harness: WebHarness) -> None:
    harness.page("/may", _hello, "products:view")
    harness.page("/may-not", _hello, "products:edit")
    browser = harness.signed_in("anna", "products:view")
    assert browser.get("/may").text == "hello anna anna"
    assert "may not do this" in browser.get("/may-not", status=403).text


def test_being_signed_in_is_a_permission_of_everybody_who_is(harness: WebHarness) -> None:
    harness.page("/mine", _hello, "signed-in")
    harness.page("/drawer", _hello, "signed-in", factory=Drawer)
    browser = harness.signed_in("bert")
    assert browser.get("/mine").text == browser.get("/drawer").text == "hello bert bert"
    assert harness.visitor().get("/mine").status_int == 303


def test_a_context_decides_instead_of_the_roles(harness: WebHarness) -> None:
    harness.page("/drawer", _hello, "drawer:open", factory=Drawer)
    assert harness.signed_in("anna").get("/drawer").text == "hello anna anna"
    page = harness.signed_in("bert", "*:*").get("/drawer", status=403)
    assert "The drawer is Anna&#39;s." in page.text


def test_a_context_is_not_asked_about_nobody(harness: WebHarness) -> None:
    class Open(Drawer):
        def refusal(self, identity: Identity, permission: str) -> None:
            assert identity is not None

    harness.page("/open", lambda request: Response("open"), "anything", factory=Open)
    assert harness.visitor().get("/open").status_int == 303
    assert harness.signed_in("bert").get("/open").text == "open"


def test_a_state_that_forbids_is_told_as_a_conflict(harness: WebHarness) -> None:
    harness.page("/pull", _hello, "drawer:pull", factory=Drawer)
    browser = harness.signed_in("anna")
    decided = Drawer.decided
    assert "The drawer is glued shut." in browser.get("/pull", status=409).text
    assert Drawer.decided == decided + 1
    token = {"csrf_token": token_of(browser)}
    assert "The drawer is glued shut." in browser.post("/pull", token, status=409).text
    assert "Your roles don&#39;t permit this." in harness.signed_in("bert").get("/pull", status=403).text
    assert harness.visitor().get("/pull").status_int == 303


def test_changed_roles_count_at_once(harness: WebHarness) -> None:
    harness.page("/may", _hello, "products:view")
    browser = harness.signed_in("anna", "products:view")
    browser.get("/may")
    harness.change_user("anna", roles=[])
    browser.get("/may", status=403)


def test_other_ways_of_signing_in_use_pyramids_own_functions(harness: WebHarness) -> None:
    def enter(request: Any) -> HTTPNoContent:
        return HTTPNoContent(headers=remember(request, "Anna"))

    def leave(request: Any) -> HTTPNoContent:
        return HTTPNoContent(headers=forget(request))

    harness.page("/enter", enter, request_method="POST", require_csrf=False)
    harness.page("/leave", leave, request_method="POST", require_csrf=False)
    harness.add_user("anna")
    browser = harness.visitor()
    browser.post("/enter")
    assert browser.get("/").text == "home"
    browser.post("/leave")
    assert browser.get("/").status_int == 303
