from __future__ import annotations

import json

import pytest

from batchbook.errors import BadInput
from batchbook.master.conflicts import SEEN, Seen


def test_what_a_form_showed_is_read_as_it_was_written() -> None:
    seen = Seen(3, {"name": "Käse 🧀 \\ud800", "roles": ["a", "b"]})
    assert Seen.read({SEEN: str(seen)}) == seen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 200_000,
        '{"version": 1, "texts": ' + '{"a":' * 100_000,
        '{"version": 1, "texts": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"version": 1, "texts": {"a": "\\ud800"}}',
        '{"version": 1, "texts": {"\\udc00": "a"}}',
        '{"version": 1, "texts": {"a": 5}}',
        json.dumps({"version": 1, "texts": {"a": "x" * 3_000_000}}),
        "9" * 10_000,
    ],
)
def test_what_is_damaged_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="Nothing was saved"):
        Seen.read({SEEN: text})
