from __future__ import annotations

import json
from typing import Any

import pytest
from pyramid.request import Request

from batchbook.errors import BadInput
from batchbook.web.json_bodies import JsonBody, json_answer

REFUSAL = "This is not understood. Nothing was changed."


def sent(body: Any) -> JsonBody:
    request = Request.blank("/", POST=json.dumps(body).encode(), content_type="application/json")
    return JsonBody.of(request, REFUSAL)


def test_parts_are_read_by_their_type() -> None:
    body = sent({"rows": {"keys": [3, 1]}, "name": "pie", "add": 2, "columns": ["a", "b"], "texts": [["1"]]})
    assert body.part("rows").numbers("keys", 9) == [3, 1]
    assert (body.text("name"), body.number("add", 9), body.names("columns")) == ("pie", 2, ["a", "b"])
    assert body.values("texts") == [["1"]]
    assert (body.text("none"), body.number("none", 9), body.numbers("none", 9), body.values("none")) == (
        "",
        0,
        None,
        [],
    )


def test_a_form_may_have_the_object_in_a_field() -> None:
    request = Request.blank("/", POST={"block": '{"name": "pie"}'})
    assert JsonBody.of(request, REFUSAL, "block").text("name") == "pie"
    with pytest.raises(BadInput):
        JsonBody.of(request, REFUSAL)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b'"\xff"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    request = Request.blank("/", POST=body, content_type="application/json")
    with pytest.raises(BadInput, match=REFUSAL):
        JsonBody.of(request, REFUSAL)


def test_parts_of_another_type_are_refused() -> None:
    body = sent(
        {"text": 1, "number": -1, "high": 10, "true": True, "keys": [1, 1], "columns": ["a", "a"], "no": {}}
    )
    for read in (
        lambda: body.part("text"),
        lambda: body.text("number"),
        lambda: body.number("number", 9),
        lambda: body.number("high", 9),
        lambda: body.number("true", 9),
        lambda: body.numbers("keys", 9),
        lambda: body.numbers("text", 9),
        lambda: body.names("columns"),
        lambda: body.names("none"),
        lambda: body.values("no"),
    ):
        with pytest.raises(BadInput, match=REFUSAL):
            read()


def test_an_answer_is_json() -> None:
    answer = json_answer({"error": "No."}, 409)
    assert (answer.status_code, answer.content_type, answer.json) == (
        409,
        "application/json",
        {"error": "No."},
    )
