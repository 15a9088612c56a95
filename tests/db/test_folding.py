"""Texts are folded alike in Python, on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from unicodedata import normalize

import pytest
from sqlalchemy import Engine, Table, insert, select

from batchbook.db import (
    fold,
    folded,
    folded_key,
    key_form,
)
from batchbook.db.folding import contains_folded
from batchbook.db.transactions import transaction_scope


@pytest.mark.parametrize(
    ("stored", "wanted", "found"),
    [
        ("BREAD", "bread", True),
        ("KÄSE", "käse", True),
        ("ÄPFEL", "käse", False),
        ("ΛΆΔΙ", "λάδι", True),
    ],
)
def test_letters_of_any_script_are_folded(
    engine: Engine, things: Table, stored: str, wanted: str, found: bool
) -> None:
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0, text=stored))
        statement = select(things.c.id).where(folded(things.c.text, wanted) == wanted)
        assert (session.scalar(statement) == 1) is found


#: Characters of each way in which SQLite compares: ASCII, from À to ÿ, others of two bytes and more, and combining ones.
ALPHABET = "aAkKéÉäÄßÿ\u00d7÷\u00b5\u00bdªłŁ\u0131İ\u017f\u212a\u2126™\u2013ﬁ\u0301\u0308%_/"


def test_a_text_is_found_in_texts_as_it_is_in_their_folded_forms(engine: Engine, things: Table) -> None:
    chosen = random.Random(7)
    texts = ["".join(chosen.choices(ALPHABET, k=chosen.randrange(6))) for _ in range(500)]
    with transaction_scope(engine) as session:
        session.execute(insert(things), [{"id": n, "part": 0, "text": text} for n, text in enumerate(texts)])
        words = {fold("".join(chosen.choices(ALPHABET, k=size))) for size in (1, 2) for _ in range(80)}
        for wanted in (*words, "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ", "éääké"):
            found = select(things.c.id).where(contains_folded(things.c.text, wanted)).order_by(things.c.id)
            assert session.scalars(found).all() == [n for n, text in enumerate(texts) if wanted in fold(text)]


#: Spellings that are the same word to whoever searches, and the same key with and without blanks.
SPELLINGS = (
    ("İstanbul", "istanbul", "ISTANBUL", "\u0131stanbul", "İSTANBUL"),
    ("caf\u00e9", "cafe\u0301", "CAF\u00c9", "CAFE\u0301"),
    ("V1", "v1", "\uff36\uff11", "\uff56\uff11"),
    ("A-1/b", "a-1/B"),
    ("ΟΔΟΣ", "οδος", "οδοσ"),
)


@pytest.mark.parametrize("spellings", SPELLINGS)
def test_spellings_of_a_word_are_folded_to_one_text(
    engine: Engine, things: Table, spellings: tuple[str, ...]
) -> None:
    blanks = [f"\u3000{text[0]} {text[1:]}\u00a0" for text in spellings]
    blanks += [f" {text[0]}\t{text[1:]}\r\n\v\f" for text in spellings]
    texts = dict(enumerate((*spellings, *blanks), start=1))
    with transaction_scope(engine) as session:
        session.execute(insert(things), [{"id": n, "part": 0, "text": text} for n, text in texts.items()])
        (form,) = {fold(text) for text in spellings}
        same = select(things.c.id).where(folded(things.c.text, form) == form).order_by(things.c.id)
        assert session.scalars(same).all() == list(range(1, len(spellings) + 1))
        (key,) = {key_form(text) for text in texts.values()}
        assert set(session.scalars(select(folded_key(things.c.text)))) == {key}


def test_each_letter_is_folded_by_itself_wherever_it_stands() -> None:
    small = {0x130: "i", 0x131: "i", 0x3C2: "\u03c3"}
    for number in (number for number in range(0x20000) if not 0xD800 <= number < 0xE000):
        normal = normalize("NFKC", f"x{chr(number)}")
        lower = "".join(small.get(ord(one), one.lower() if len(one.lower()) == 1 else one) for one in normal)
        assert fold(f"x{chr(number)}") == lower, hex(number)
    assert fold("\u0399\u03a3 \u0130\u00c4") == "\u03b9\u03c3 i\u00e4"
