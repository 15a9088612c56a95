"""SQL that both databases spell differently gives the same on both."""

from __future__ import annotations

import random
from decimal import Decimal
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, cast, insert, literal, select, text

from batchbook.db import (
    ExactDecimal,
    decimal_text,
    fold,
    folded,
    folded_key,
    joining_by_hash,
    key_form,
    percent_change,
)
from batchbook.db.functions import contains_folded, insert_into
from batchbook.db.transactions import transaction_scope

PERCENT = ExactDecimal(14, 2)
PRICES = st.integers(1, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(PRICES, PRICES), min_size=20, max_size=40))
def test_percent_change_is_what_a_person_computes(
    engine: Engine, pairs: list[tuple[Decimal, Decimal]]
) -> None:
    expected = [
        ((new - old) * 100 / old).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP") for old, new in pairs
    ]
    assert percents(engine, *pairs) == expected


def test_percent_change_is_nothing_where_there_is_nothing_to_compare_with(engine: Engine) -> None:
    one = Decimal("1.00")
    assert percents(engine, (None, one), (one, None), (Decimal(0), one)) == [None, None, None]
    assert percents(engine, (one, one)) == [Decimal("0.00")]


def test_percent_change_stays_within_what_its_column_holds(engine: Engine) -> None:
    least, most = Decimal("0.01"), Decimal("9999999999.99")
    assert percents(engine, (least, most), (least, -most)) == [
        Decimal("999999999999.99"),
        Decimal("-999999999999.99"),
    ]


def percents(engine: Engine, *pairs: tuple[Decimal | None, Decimal | None]) -> list[Decimal | None]:
    price = ExactDecimal(12, 2)
    with transaction_scope(engine, read_only=True) as session:
        return [
            session.scalar(select(cast(percent_change(literal(old, price), literal(new, price)), PERCENT)))
            for old, new in pairs
        ]


@pytest.mark.parametrize(
    ("price", "text"), [("4.10", "4.10"), ("-0.05", "-0.05"), ("0.00", "0.00"), ("1234567.89", "1234567.89")]
)
def test_a_decimal_as_text_has_all_its_digits(engine: Engine, things: Table, price: str, text: str) -> None:
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0, price=Decimal(price)))
        assert session.scalar(select(decimal_text(things.c.price))) == text


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


def test_a_row_that_is_there_is_updated_or_left_alone(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session:
        for text in ("first", "second"):
            statement = insert_into(engine, things).values(id=1, part=0, text=text)
            session.execute(
                statement.on_conflict_do_update(index_elements=["id", "part"], set_={"text": text})
            )
        session.execute(
            insert_into(engine, things).values(id=1, part=0, text="third").on_conflict_do_nothing()
        )
        assert session.scalars(select(things.c.text)).all() == ["second"]


def test_no_row_is_compared_with_each_other_one_even_where_a_planner_expects_a_few(engine: Engine) -> None:
    joined = "SELECT * FROM one JOIN other ON lower(one.code) = lower(other.code)"
    with transaction_scope(engine) as session:

        def plan() -> str:
            return " ".join(session.scalars(text(f"EXPLAIN {joined}")))

        for name in ("one", "other"):
            session.execute(text(f"CREATE TEMPORARY TABLE {name} (code TEXT)"))
            session.execute(text(f"INSERT INTO {name} VALUES ('A')"))
        is_postgresql = engine.dialect.name == "postgresql"
        if is_postgresql:
            session.execute(text("ANALYZE one, other"))
            assert "Nested Loop" in plan()
        with joining_by_hash(session):
            assert session.execute(text(joined)).all() == [("A", "A")]
            assert not is_postgresql or "Nested Loop" not in plan()
        assert not is_postgresql or "Nested Loop" in plan()
