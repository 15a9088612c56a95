"""Each kind of column offers verbs, which have labels and take so many values."""

from __future__ import annotations

from batchbook.grid import VERB_LABELS, VERBS, Kind, Sort, Verb, value_count


def test_verbs_say_how_many_values_they_take() -> None:
    counts = {
        verb: value_count(verb) for verb in (Verb.EQUAL, Verb.BETWEEN, Verb.ANY_OF, Verb.IS_ME, Verb.EMPTY)
    }
    assert counts == {Verb.EQUAL: 1, Verb.BETWEEN: 2, Verb.ANY_OF: None, Verb.IS_ME: 0, Verb.EMPTY: 0}


def test_every_verb_has_a_label_and_a_kind_that_offers_it() -> None:
    assert set(VERBS) == set(Kind)
    assert {verb for verbs in VERBS.values() for verb in verbs} == set(Verb) == set(VERB_LABELS)
    assert len(set(VERB_LABELS.values())) == len(VERB_LABELS)


def test_what_may_be_missing_can_be_asked_for_in_every_kind() -> None:
    assert all(verbs[-2:] == (Verb.EMPTY, Verb.NOT_EMPTY) for verbs in VERBS.values())
    assert (VERBS[Kind.TEXT][0], VERBS[Kind.DATE][0], VERBS[Kind.USER][0]) == (
        Verb.CONTAINS,
        Verb.ON,
        Verb.IS_ME,
    )


def test_verbs_take_as_many_values_as_they_need() -> None:
    counts = {verb: value_count(verb) for verb in Verb}
    assert {verb for verb, count in counts.items() if count == 0} == {
        Verb.EMPTY,
        Verb.NOT_EMPTY,
        Verb.IS_TRUE,
        Verb.IS_FALSE,
        Verb.IS_ME,
    }
    assert {verb for verb, count in counts.items() if count not in (0, 1)} == {
        Verb.BETWEEN,
        Verb.ANY_OF,
        Verb.NONE_OF,
    }
    assert (counts[Verb.BETWEEN], counts[Verb.ANY_OF]) == (2, None)


def test_a_sort_is_written_with_its_direction() -> None:
    assert [Sort("price").text, Sort("price", descending=True).text] == ["price", "-price"]
