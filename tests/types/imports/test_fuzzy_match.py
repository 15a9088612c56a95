"""Suggestions for texts that nothing is called by."""

from __future__ import annotations

import pytest

from batchbook.types.imports.fuzzy_match import FuzzyMatcher

KNOWN = FuzzyMatcher(
    ["GROCERY", "PRODUCE", "Bakery", "BAKERY GOODS", *(f"V{number:04d}" for number in range(3_000))]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grocry", "GROCERY"),
        ("xproduce", "PRODUCE"),
        ("bakrey", "Bakery"),
        ("V01234", "V1234"),
        ("nothing at all", None),
    ],
)
def test_the_closest_is_found_in_spite_of_a_letter_too_many_too_few_or_in_the_wrong_place(
    text: str, expected: str | None
) -> None:
    found = KNOWN.closest(text)
    assert len(found) <= 3
    assert (expected in found) if expected else not found


def test_among_no_texts_none_is_close() -> None:
    assert FuzzyMatcher([]).closest("") == []
