"""Files that nobody should have to read: each is refused with a sentence, or read."""

from __future__ import annotations

import pytest
from tests.tables.hostile import HOSTILE, said_of


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence_or_read(what: str) -> None:
    name, make, sentence = HOSTILE[what]
    said = said_of(name, make())
    assert bool(said) == bool(sentence)
    assert sentence in said
    assert said.startswith(f"“{name}” ") == bool(sentence)
    assert said.endswith(".") == bool(sentence)
