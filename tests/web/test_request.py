from __future__ import annotations

import re
from typing import Any

from pyramid.response import Response
from pyramid_retry import RetryableException
from tests.security.harness import WebHarness, token_of


def test_every_request_has_an_id_of_its_own(harness: WebHarness) -> None:
    harness.page("/id", lambda request: Response(request.request_id))
    browser = harness.visitor()
    first, second = browser.get("/id"), browser.get("/id")
    assert re.fullmatch("[0-9a-f]{16}", first.text)
    assert first.headers["X-Request-Id"] == first.text
    assert first.text != second.text


def test_an_id_from_outside_is_not_taken(harness: WebHarness) -> None:
    answer = harness.visitor().get("/login", headers={"X-Request-Id": "forged"})
    assert answer.headers["X-Request-Id"] != "forged"


def test_an_error_page_names_the_id(harness: WebHarness) -> None:
    answer = harness.visitor().get("/nowhere", status=404)
    assert answer.html.find(class_="error-id").code.text == answer.headers["X-Request-Id"]


def test_a_retried_request_keeps_its_id_and_its_body(harness: WebHarness) -> None:
    seen = []

    def save(request: Any) -> Response:
        seen.append((request.request_id, len(request.POST["text"])))
        if len(seen) < 3:
            raise RetryableException
        return Response("saved")

    harness.page("/save", save, request_method="POST", require_csrf=False)
    assert harness.visitor().post("/save", {"text": "x" * 50_000}).text == "saved"
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_an_error_outside_of_the_views_gets_its_page(harness: WebHarness) -> None:
    def commit_badly(request: Any) -> Response:
        def refuse() -> None:
            raise RuntimeError("the disk is full")

        request.tm.get().addBeforeCommitHook(refuse)
        request.flash("Saved.")
        return Response("saved")

    harness.page("/save", commit_badly, "signed-in", request_method="POST")
    browser = harness.signed_in("anna")
    answer = browser.post("/save", {"csrf_token": token_of(browser)}, status=500)
    assert "Something went wrong" in answer.text
    assert "disk" not in answer.text
    assert "Saved." not in browser.get("/account").text


def _broken(_handler: Any, _registry: Any) -> Any:
    def tween(request: Any) -> Response:
        if request.path == "/broken":
            raise RuntimeError("a defect in a tween")
        return _handler(request)

    return tween


def test_an_error_in_another_tween_gets_its_page(harness: WebHarness) -> None:
    harness.config.add_tween(
        f"{__name__}._broken",
        under="batchbook.web.limits.limits_tween_factory",
        over="pyramid_tm.tm_tween_factory",
    )
    assert "Something went wrong" in harness.visitor().get("/broken", status=500).text
