"""Texts in the forms in which they are compared, whatever their case, width and Unicode form: in Python and by SQL alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, overload
from unicodedata import normalize

from sqlalchemy import Boolean, SQLColumnExpression, String, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class folded(FunctionElement[str]):  # noqa: N801 - Reads as a function of SQL, like func.lower.
    """A text column as :func:`fold` writes texts, at least as far as it matters to ``wanted``, a text in that form.

    It is the same on both databases, whatever PostgreSQL's locale. Texts of ASCII characters need the database's own
    ``lower`` only. For others SQLite asks Python, and PostgreSQL is told the letters of ``wanted`` one by one.
    """

    name = "folded"
    inherit_cache = True
    type = String()

    def __init__(self, column: SQLColumnExpression[Any], wanted: str) -> None:
        letters = {letter: small for letter, small in _small_letters().items() if small in wanted}
        super().__init__(column, *_as_literals(letters))


class contains_folded(FunctionElement[bool]):  # noqa: N801 - Reads as a function of SQL, like func.lower.
    """Whether a text column, in the form of :func:`fold`, contains ``wanted``, a text in that form; null for none."""

    name = "contains_folded"
    inherit_cache = True
    type = Boolean()

    def __init__(self, column: SQLColumnExpression[Any], wanted: str) -> None:
        pattern, latin = literal(f"%{wanted.translate(_ESCAPED)}%"), column
        letters = {letter: small for letter, small in _LATIN_1_LETTERS.items() if small in wanted}
        for letter, small in letters.items():
            latin = func.replace(latin, letter, small)
        if len(letters) > _MOST_REPLACED:
            latin = func.batchbook_fold(column)
        super().__init__(column, folded(column, wanted), pattern, latin)

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy's signature.
        """Return the condition itself: compared with 1, as SQLAlchemy would, SQLite evaluates each part of it for each row."""
        return self


#: SQLite can nest a hundred calls, with all that is around them; words have few of these letters.
_MOST_REPLACED = 8
#: The letters from À to Þ, and their small ones: all letters of the Western European languages that aren't ASCII.
_LATIN_1_LETTERS = {chr(point): chr(point + 0x20) for point in range(0xC0, 0xDF) if point != 0xD7}

#: The characters that mean something in the pattern of LIKE, written with its escape character.
_ESCAPED = {ord(sign): f"/{sign}" for sign in "%_/"}


class folded_key(FunctionElement[str]):  # noqa: N801 - Reads as a function of SQL, like func.lower.
    """A text column as :func:`key_form` writes texts, on both databases."""

    name = "folded_key"
    inherit_cache = True
    type = String()

    def __init__(self, column: SQLColumnExpression[Any]) -> None:
        super().__init__(column, *_as_literals(_small_letters()), literal(_BLANKS))


#: Blanks after normalisation, and characters that nobody sees.
_BLANKS = " \t\n\r\v\f\u200b\u200c\u200d\u2060\ufeff\xad"
_NO_BLANKS = dict.fromkeys(map(ord, _BLANKS))


#: The code points below which all scripts with capital letters lie; looking at all others takes a second.
_CASED = 0x20000


@cache
def _small_letters() -> dict[str, str]:
    """Return the small letter for each other letter; the dotless I and the final sigma are like the ordinary ones."""
    pairs = ((letter, letter.lower()) for letter in map(chr, range(_CASED)))
    small = {letter: lower for letter, lower in pairs if letter != lower and len(lower) == 1}
    return small | {"\u0130": "i", "\u0131": "i", "\u03c2": "\u03c3"}


#: Finds the letters whose small letter here is another one than that of ``str.lower``, or depends on its place there.
_UNLIKE_LOWER = re.compile("[\u0130\u0131\u03a3\u03c2]").search


def _as_literals(letters: Mapping[str, str]) -> tuple[Any, Any]:
    return literal("".join(letters)), literal("".join(letters.values()))


@cache
def _table(*, blanks: bool) -> dict[int, str | None]:
    table: dict[int, str | None] = {ord(letter): small for letter, small in _small_letters().items()}
    return table if blanks else table | _NO_BLANKS


@overload
def fold(text: str) -> str: ...
@overload
def fold(text: None) -> None: ...
def fold(text: str | None) -> str | None:
    """Return ``text`` in the form in which texts are compared that may differ in case, width and Unicode form."""
    if text is None or text.isascii():  # Most texts.
        return text and text.lower()
    text = normalize("NFKC", text)
    # Only these letters differ from Python's own small ones, which take a third of the time that a table takes.
    return text.translate(_table(blanks=True)) if _UNLIKE_LOWER(text) else text.lower()


@overload
def key_form(text: str) -> str: ...
@overload
def key_form(text: None) -> None: ...
def key_form(text: str | None) -> str | None:
    """Return ``text`` in the form in which keys are compared that may differ in case, blanks, width and Unicode form."""
    if text is None or text.isascii():
        return text and text.lower().translate(_NO_BLANKS)
    return normalize("NFKC", text).translate(_table(blanks=False))


@compiles(folded)
def _folded_on_postgresql(element: folded, compiler: Any, **options: Any) -> str:
    column, letters, small = (compiler.process(clause, **options) for clause in element.clauses)
    other = f"translate(normalize({column}, NFKC), {letters}, {small})"
    return _of_ascii_or_other(column, f'lower(({column}) COLLATE "C")', other)


@compiles(contains_folded)
def _contains_on_postgresql(element: contains_folded, compiler: Any, **options: Any) -> str:
    form, pattern = (compiler.process(clause, **options) for clause in list(element.clauses)[1:3])
    return f"(({form}) LIKE {pattern} ESCAPE '/')"


@compiles(contains_folded, "sqlite")
def _contains_on_sqlite(element: contains_folded, compiler: Any, **options: Any) -> str:
    text, _, pattern, latin = (compiler.process(clause, **options) for clause in element.clauses)
    # LIKE compares ASCII letters in whatever case by itself, in half the time that lower() and LIKE take together; most
    # texts are ruled out by it, or by the comparison of their lengths. Of other texts most have no characters but those from
    # À to ÿ, which normalisation leaves alone. Each of these takes two bytes, the first of which is C3: then there are as many
    # of that byte as there are more bytes than characters. Python is asked for the rest only; it takes five times as long.
    length, size = f"length({text})", f"length(CAST({text} AS BLOB))"
    without = f"length(CAST(replace({text}, CAST(x'C3' AS TEXT), '') AS BLOB))"
    form = f"CASE WHEN {without} = {length} THEN {latin} ELSE batchbook_fold({text}) END"
    like = f"LIKE {pattern} ESCAPE '/'"
    return f"(({text} {like} AND {length} = {size}) OR ({length} <> {size} AND {form} {like}))"


@compiles(folded_key)
def _folded_key_on_postgresql(element: folded_key, compiler: Any, **options: Any) -> str:
    column, letters, small, blanks = (compiler.process(clause, **options) for clause in element.clauses)
    plain = f"translate(lower(({column}) COLLATE \"C\"), {blanks}, '')"
    other = f"translate(translate(normalize({column}, NFKC), {letters}, {small}), {blanks}, '')"
    return _of_ascii_or_other(column, plain, other)


def _of_ascii_or_other(column: str, plain: str, other: str) -> str:
    return f"CASE WHEN octet_length({column}) = char_length({column}) THEN {plain} ELSE {other} END"


@compiles(folded, "sqlite")
def _folded_on_sqlite(element: folded, compiler: Any, **options: Any) -> str:
    text: str = compiler.process(next(iter(element.clauses)), **options)
    is_ascii = f"length({text}) = length(CAST({text} AS BLOB))"
    return f"CASE WHEN {is_ascii} THEN lower({text}) ELSE batchbook_fold({text}) END"


@compiles(folded_key, "sqlite")
def _folded_key_on_sqlite(element: folded_key, compiler: Any, **options: Any) -> str:
    text: str = compiler.process(next(iter(element.clauses)), **options)
    plain = f"lower({text})"
    for blank in filter(str.isascii, _BLANKS):
        plain = f"replace({plain}, char({ord(blank)}), '')"
    # As of searches: a Python function takes ten times as long.
    return (
        f"CASE WHEN length({text}) = length(CAST({text} AS BLOB)) THEN {plain} ELSE batchbook_key({text}) END"
    )
