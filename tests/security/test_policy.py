from __future__ import annotations

from typing import Any

import pytest
from pyramid.httpexceptions import HTTPNoContent
from pyramid.response import Response
from pyramid.security import forget, remember

from batchbook.security.identity import Identity

from .harness import Site, token_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


class Drawer:
    """A context that decides by itself."""

    def __init__(self, _request: Any) -> None:
        """Made for each request."""

    def permits(self, identity: Identity, permission: str) -> bool:
        return identity.name == "anna" and permission == "drawer:open"

    def refusal(self, identity: Identity, permission: str) -> str | None:
        return (
            "The drawer is glued shut." if permission == "drawer:pull" and identity.name == "anna" else None
        )


def _hello(request: Any) -> Response:
    return Response(f"hello {request.identity.name} {request.authenticated_userid}")


def test_a_permission_of_a_role_opens_a_page(site: Site) -> None:
    site.page("/may", _hello, "products:view")
    site.page("/may-not", _hello, "products:edit")
    browser = site.signed_in("anna", "products:view")
    assert browser.get("/may").text == "hello anna anna"
    assert "may not do this" in browser.get("/may-not", status=403).text


def test_being_signed_in_is_a_permission_of_everybody_who_is(site: Site) -> None:
    site.page("/mine", _hello, "signed-in")
    site.page("/drawer", _hello, "signed-in", factory=Drawer)
    browser = site.signed_in("bert")
    assert browser.get("/mine").text == browser.get("/drawer").text == "hello bert bert"
    assert site.visitor().get("/mine").status_int == 303


def test_a_context_decides_instead_of_the_roles(site: Site) -> None:
    site.page("/drawer", _hello, "drawer:open", factory=Drawer)
    assert site.signed_in("anna").get("/drawer").text == "hello anna anna"
    site.signed_in("bert", "*:*").get("/drawer", status=403)


def test_a_context_is_not_asked_about_nobody(site: Site) -> None:
    class Open(Drawer):
        def permits(self, identity: Identity, permission: str) -> bool:
            return True

    site.page("/open", lambda request: Response("open"), "anything", factory=Open)
    assert site.visitor().get("/open").status_int == 303
    assert site.signed_in("bert").get("/open").text == "open"


def test_a_state_that_forbids_is_told_as_a_conflict(site: Site) -> None:
    site.page("/pull", _hello, "drawer:pull", factory=Drawer)
    browser = site.signed_in("anna")
    assert "The drawer is glued shut." in browser.get("/pull", status=409).text
    token = {"csrf_token": token_of(browser)}
    assert "The drawer is glued shut." in browser.post("/pull", token, status=409).text
    assert "glued" not in site.signed_in("bert").get("/pull", status=403).text
    assert site.visitor().get("/pull").status_int == 303


def test_changed_roles_count_at_once(site: Site) -> None:
    site.page("/may", _hello, "products:view")
    browser = site.signed_in("anna", "products:view")
    browser.get("/may")
    site.change_user("anna", roles=[])
    browser.get("/may", status=403)


def test_other_ways_of_signing_in_use_pyramids_own_functions(site: Site) -> None:
    def enter(request: Any) -> HTTPNoContent:
        return HTTPNoContent(headers=remember(request, "Anna"))

    def leave(request: Any) -> HTTPNoContent:
        return HTTPNoContent(headers=forget(request))

    site.page("/enter", enter, request_method="POST", require_csrf=False)
    site.page("/leave", leave, request_method="POST", require_csrf=False)
    site.add_user("anna")
    browser = site.visitor()
    browser.post("/enter")
    assert browser.get("/").text == "home"
    browser.post("/leave")
    assert browser.get("/").status_int == 303
