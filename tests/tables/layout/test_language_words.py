"""The words by which languages are told apart."""

from __future__ import annotations

import pytest

from batchbook.tables.layout.language_words import CHARACTERS, WORDS


@pytest.mark.parametrize("language", WORDS)
def test_words_are_in_lower_case_and_mostly_beyond_ascii(language: str) -> None:
    words = WORDS[language].split()
    assert words == [word.lower() for word in words]
    # Only what is beyond ASCII tells encodings apart.
    assert sum(not word.isascii() for word in words) > len(words) / 4


def test_frequent_characters_are_beyond_ascii() -> None:
    assert set(CHARACTERS) == {"Japanese", "Simplified Chinese", "Traditional Chinese", "Korean"}
    for characters in CHARACTERS.values():
        assert not any(char.isascii() for char in characters)
