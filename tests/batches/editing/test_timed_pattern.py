"""Regular expressions of users, which are ended when they take too long."""

from __future__ import annotations

from time import monotonic

import pytest

from batchbook.batches.editing.timed_pattern import TimedPattern
from batchbook.errors import BadInput


def test_matches_are_replaced_with_groups_in_any_case_or_as_a_whole() -> None:
    with TimedPattern(r"(\d+) ?oz", r"\1 OZ", ignore_case=True) as pattern:
        assert [pattern.replaced(text) for text in ("12oz", "1 Oz x 3oz", "“ü”\n")] == [
            "12 OZ",
            "1 OZ x 3 OZ",
            "“ü”\n",
        ]
    with TimedPattern("a|b", "c", whole=True) as pattern:
        assert [pattern.replaced(text) for text in ("a", "ab", "")] == ["c", "ab", ""]


@pytest.mark.parametrize("pattern", ["(", "[", "a{99999999999}", "(?P<x>a)(?P<x>b)", "x" * 201])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(BadInput, match="Nothing was changed"), TimedPattern(pattern, ""):
        pass


def test_a_replacement_that_names_no_group_is_refused() -> None:
    with pytest.raises(BadInput, match="can't be read: invalid group reference"), TimedPattern("a", r"\3"):
        pass


@pytest.mark.parametrize(("pattern", "text"), [("(a+)+$", "a" * 60 + "b"), ("(x*)*y", "x" * 5_000)])
def test_a_pattern_that_takes_too_long_is_ended(pattern: str, text: str) -> None:
    start = monotonic()
    with pytest.raises(BadInput, match="takes too long"), TimedPattern(pattern, "") as timed:
        timed.replaced(text)
    assert monotonic() - start < 5


def test_all_texts_together_have_a_limit_and_results_have_one() -> None:
    with TimedPattern("", "y" * 200) as pattern:
        assert len(pattern.replaced("x" * 9_000)) == 10_001
    with pytest.raises(BadInput, match="takes too long"), TimedPattern("a", "b", together=0.2) as pattern:
        [*map(pattern.replaced, ["b"] * 100_000)]
