"""Clusters of values that may be spellings of the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchbook.grid import clusters as module
from batchbook.grid.clusters import Method, find_clusters, fingerprint, ngram_fingerprint, within


def found(method: Method, counts: dict[str, int], radius: int = 1) -> list[list[str]]:
    return [[value for value, _ in one.values] for one in find_clusters(counts, method, radius).found]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (" Cruise,  Tom ", "cruise tom"),
        ("Tom Cruise Tom", "cruise tom"),
        ("Gödel (Kurt)", "godel kurt"),
        ("Straße\u00a0Nr. 5", "5 nr strasse"),
        ("\u0410\u0431\u0432", "\u0430\u0431\u0432"),
        ("...", ""),
    ],
)
def test_a_fingerprint_has_the_sorted_words_of_a_text(text: str, key: str) -> None:
    assert fingerprint(text) == key


def test_an_ngram_fingerprint_has_the_sorted_pairs_of_letters() -> None:
    assert ngram_fingerprint("Paris") == "arispari"
    assert ngram_fingerprint("Krzysztof") == ngram_fingerprint("K r-z ysztof")
    assert (ngram_fingerprint("A."), ngram_fingerprint("!")) == ("a", "")


def test_values_collide_by_their_keys_the_most_frequent_first() -> None:
    counts = {"Acme Inc.": 2, "ACME INC": 7, "inc. acme": 1, "Beta": 9, "béta": 1, "?": 1, "!": 1, "Gamma": 3}
    assert found(Method.FINGERPRINT, counts) == [["ACME INC", "Acme Inc.", "inc. acme"], ["Beta", "béta"]]
    assert found(Method.NGRAM, {"Ri Chang": 1, "Richang": 3, "Rich": 1}) == [["Richang", "Ri Chang"]]


def test_long_texts_that_differ_only_at_their_end_are_not_the_same() -> None:
    long = "Keep cool and dry. " * 12
    counts = {f"{long}Best before May": 2, f"{long}best  before MAY": 1, f"{long}Best after June": 1}
    for method in Method:
        assert found(method, counts) == [[f"{long}Best before May", f"{long}best  before MAY"]], method


def test_neighbours_join_the_most_frequent_value_and_no_chain() -> None:
    counts = {
        "WHEAT BREAD": 9,
        "WHEAT BRED": 2,
        "WHEAT  bread": 1,
        "WHAT BRED": 1,
        "RYE BREAD": 5,
        "AB": 1,
        "AC": 1,
    }
    assert found(Method.NEAREST, counts) == [["WHEAT BREAD", "WHEAT BRED", "WHEAT  bread"]]
    assert found(Method.NEAREST, {"COLA 12 OZ": 1, "COLA 16 OZ": 1}) == []
    assert found(Method.NEAREST, counts, 2) == [["WHEAT BREAD", "WHEAT BRED", "WHAT BRED", "WHEAT  bread"]]


def test_the_key_of_a_cluster_changes_with_its_values() -> None:
    (one,) = find_clusters({"a b": 1, "b a": 2}, Method.FINGERPRINT).found
    (same,) = find_clusters({"a b": 5, "b a": 2}, Method.FINGERPRINT).found
    (other,) = find_clusters({"a b": 1, "b a": 2, "B A": 1}, Method.FINGERPRINT).found
    assert one.key == same.key != other.key
    assert (one.best, same.best, same.rows) == ("b a", "a b", 7)


def test_too_many_comparisons_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPARED", 3)
    assert not find_clusters({f"PRODUCT {chr(97 + n)}": 1 for n in range(20)}, Method.NEAREST).complete


def levenshtein(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    same = levenshtein(one[1:], other[1:]) + (one[0] != other[0])
    return min(same, levenshtein(one[1:], other) + 1, levenshtein(one, other[1:]) + 1)


WORDS = st.text("abc", max_size=6)


@given(WORDS, WORDS, st.integers(0, 3))
def test_distances_are_right(one: str, other: str, most: int) -> None:
    assert within(one, other, most) == (levenshtein(one, other) <= most)


@given(st.sets(st.text("ab", min_size=6, max_size=9), min_size=2, max_size=12), st.sampled_from([1, 2]))
def test_blocks_miss_no_neighbour(texts: set[str], radius: int) -> None:
    ordered = sorted(texts)
    neighbours, _ = module._neighbours(ordered, radius)
    for one in ordered:
        expected = {other for other in ordered if other != one and within(one, other, radius)}
        assert set(neighbours.get(one, ())) == expected


def test_values_of_one_form_count_as_comparisons() -> None:
    letters = "abcdefghij"
    spellings = {
        "".join(c.upper() if number >> place & 1 else c for place, c in enumerate(letters)): 1
        for number in range(2 ** len(letters))
    }
    found = find_clusters(spellings, Method.NEAREST)
    assert (found.found, found.complete) == ((), False)
