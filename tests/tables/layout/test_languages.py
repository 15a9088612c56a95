"""Candidates for encodings, and their order."""

from __future__ import annotations

import random

import pytest
from tests.tables.product_names import PRODUCT_NAMES
from tests.tables.text_lists import descriptions, inspected

from batchbook.tables.layout.languages import (
    Language,
    encoding_candidates,
    known_encoding,
    languages,
    likeliest_language,
    non_ascii_words,
    text_encodings,
)
from batchbook.tables.report import Reading


@pytest.mark.parametrize(
    ("words", "rounds", "first", "among"), [(1, 3, 0.85, 0.95), (2, 3, 0.95, 0.98), (8, 1, 0.97, 0.99)]
)
def test_the_right_reading_is_offered_and_mostly_comes_first(
    words: int, rounds: int, first: float, among: float
) -> None:
    chance, at_first, at_all, cases = random.Random(words), 0, 0, 0
    for encodings, goods in PRODUCT_NAMES.values():
        for encoding in encodings:
            for _ in range(rounds):
                texts = chance.sample(goods, min(words, len(goods)))
                lines = [text.encode(encoding) for text in texts]
                read = [
                    [line.decode(one.encoding) for line in lines] for one in encoding_candidates(lines)[:4]
                ]
                cases, at_first, at_all = cases + 1, at_first + (read[0] == texts), at_all + (texts in read)
    assert at_first / cases >= first
    assert at_all / cases >= among


def test_every_encoding_of_text_can_be_chosen_by_any_of_its_names() -> None:
    assert {known_encoding(name) for name in ("windows-1251", "CP1251", "1251")} == {"cp1251"}
    assert {
        known_encoding(name) for name in ("rot13", "idna", "base64", "unicode_escape", "no such", "a\0b")
    } == {None}
    assert len(text_encodings()) > 90
    for name in text_encodings():
        data = "item_code,description\n7,x\n8,y\n".encode(name)
        if name not in ("utf-16", "utf-32"):
            assert descriptions(inspected(data, Reading(encoding=name))) == ["x", "y"], name


@pytest.mark.parametrize("language", languages(), ids=lambda language: language.name)
def test_languages_are_known_by_what_is_beyond_ascii(language: Language) -> None:
    assert language.scripts
    goods = [
        word for names in PRODUCT_NAMES.get(language.name, ((), ()))[1] for word in non_ascii_words(names)
    ]
    if goods:
        assert likeliest_language(goods)[1] == language.name
