from __future__ import annotations

import pytest

from batchbook.words import counted, noun


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_234_567, "1,234,567 rows")]
)
def test_a_count_has_its_noun(count: int, said: str) -> None:
    assert counted(count, "row") == said


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    assert [counted(count, "row matches", "rows match") for count in (1, 2)] == [
        "1 row matches",
        "2 rows match",
    ]
    assert [noun(count, "inventory", "inventories") for count in (0, 1)] == ["inventories", "inventory"]
