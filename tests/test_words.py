from __future__ import annotations

import pytest

from batchbook.words import counted, is_storable, noun, plural, storable


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_234_567, "1,234,567 rows")]
)
def test_a_count_has_its_noun(count: int, said: str) -> None:
    assert counted(count, "row") == said


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("row", "rows"),
        ("Label batch", "Label batches"),
        ("price wish", "price wishes"),
        ("box", "boxes"),
        ("Category", "Categories"),
        ("delivery day", "delivery days"),
        ("process", "processes"),
    ],
)
def test_plurals_are_regular(one: str, many: str) -> None:
    assert plural(one) == noun(2, one) == many


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    assert [counted(count, "row matches", "rows match") for count in (1, 2)] == [
        "1 row matches",
        "2 rows match",
    ]
    assert [noun(count, "inventory", "inventories") for count in (0, 1)] == ["inventories", "inventory"]


@pytest.mark.parametrize("text", ["", "plain", "Größe 🙂", "a\x01b"])
def test_what_databases_store_is_left_alone(text: str) -> None:
    assert is_storable(text)
    assert storable(text) == text


@pytest.mark.parametrize("text", ["a\x00b", "ü\x00", "half \ud83d of a pair"])
def test_what_no_database_stores_is_replaced(text: str) -> None:
    assert not is_storable(text)
    assert is_storable(storable(text))
    assert len(storable(text)) == len(text)
