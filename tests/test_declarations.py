"""Rules for what authors declare, and their errors in one line."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.declarations import (
    Rule,
    at_least,
    author_error,
    function_of,
    instance_of,
    is_text,
    is_texts,
    mapping_of,
    or_none,
    refuse_misspelt,
    refuse_without_super,
    refuse_wrong,
    refuse_wrong_method,
    sequence_of,
    shown,
    subclass_of,
)


def _of_two(handler: Any, batch: Any) -> None:
    """A function of two."""


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        (instance_of(int, "a number"), (0, 7), (True, "7", None)),
        (instance_of(bool, "True or False"), (True, False), (0, "no")),
        (subclass_of(Exception, "an error"), (ValueError,), (ValueError(), int, "ValueError")),
        (at_least(1), (1, 2_000), (0, -1, True, 1.0, "1")),
        (or_none(at_least(0)), (None, 0), ("", -1)),
        (sequence_of(str, "a tuple of names"), ((), ("a",), ["a"], {"a"}), ("a", b"a", None, (1,), {"a": 1})),
        (mapping_of(str, is_text, "a mapping"), ({}, {"a": "b"}), ({"a": 1}, {1: "a"}, ["a"], "a")),
        (mapping_of(str, is_texts, "a mapping"), ({"a": ("b",)}, {"a": ["b"]}), ({"a": "b"},)),
        (
            function_of("handler", "batch"),
            (_of_two, lambda *_all: None, int),
            (len, lambda one: one, "f", None),
        ),
    ],
)
def test_a_rule_holds_for_what_can_work(rule: Rule, right: tuple[Any, ...], wrong: tuple[Any, ...]) -> None:
    assert [value for value in right if not rule.holds(value)] == []
    assert [value for value in wrong if rule.holds(value)] == []


def test_what_breaks_a_rule_is_named_with_class_and_cure() -> None:
    rules = {"copies": at_least(1), "names": sequence_of(str, 'a tuple of names, such as ("a",)')}
    refuse_wrong("Label", {"copies": 1, "names": ()}, rules)
    refuse_wrong("Label", {"copies": 1}, rules)
    with pytest.raises(ConfigurationError) as refused:
        refuse_wrong("Label", {"copies": 1, "names": "code"}, rules)
    assert str(refused.value) == "Label.names must be a tuple of names, such as (\"a\",), and is 'code'."


def test_values_are_quoted_in_one_short_line() -> None:
    assert shown(_of_two) == "_of_two(handler: 'Any', batch: 'Any') -> 'None'"
    assert len(shown("x" * 1_000)) == 60
    assert shown({"a\nb": 1}) == "{'a\\nb': 1}"


class Base:
    """A class with methods to override."""

    def act(self, batch: Any, *, quickly: bool) -> None:
        """Do it."""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (lambda self, batch, *, quickly: None, None),
        (lambda *_all, **_named: None, None),
        (staticmethod(lambda batch, *, quickly: None), None),
        (lambda self, batch: None, r"def act\(self, batch, \*, quickly\)"),
        (lambda self, one, two, *, quickly: None, "can't be called"),
        (3, "must be a method, .* and is 3"),
        (None, "must be a method"),
    ],
)
def test_a_method_can_be_called_like_that_which_it_overrides(found: Any, said: str | None) -> None:
    made = type("Mine", (Base,), {"act": found})
    if said is None:
        refuse_wrong_method(made, "act", Base)
    else:
        with pytest.raises(ConfigurationError, match=f"Mine.act .*{said}"):
            refuse_wrong_method(made, "act", Base)


def test_an_init_calls_the_one_that_it_overrides() -> None:
    class First(Base):
        def __init__(self) -> None:
            Base.__init__(self)

    class Second(First):
        pass

    class Third(First):
        def __init__(self) -> None:
            self.other = 1

    refuse_without_super(Base, Base)
    refuse_without_super(Second, Base)
    with pytest.raises(ConfigurationError, match=r"^Third.__init__ does not call that of Base, .*[.]$"):
        refuse_without_super(Third, Base)


def test_a_method_that_nothing_awaits_is_refused() -> None:
    class Mine(Base):
        async def act(self, batch: Any, *, quickly: bool) -> None:  # type: ignore[override]
            """Do it later."""

    with pytest.raises(ConfigurationError, match="is async, and nothing awaits it"):
        refuse_wrong_method(Mine, "act", Base)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("perfrom", "perform"),
        ("perfom", "perform"),
        ("performs", "perform"),
        ("porform", "perform"),
        ("performed", None),
    ],
)
def test_a_name_that_is_one_letter_off_is_refused(name: str, meant: str | None) -> None:
    base = type("Base", (), {"perform": None, "act": None})
    made = type("Mine", (base,), {name: None, "acts": None, "_perfrom": None})
    if meant is None:
        refuse_misspelt("The handler", made, base)
    else:
        said = f"The handler, Mine, defines {name}, which is one letter from {meant}: write {meant}"
        with pytest.raises(ConfigurationError, match=said):
            refuse_misspelt("The handler", made, base)


def test_an_error_of_an_author_is_one_line_with_its_place() -> None:
    try:
        raise ValueError("a\nb (Background on this error at: https://sqlalche.me/e/20/x)")
    except ValueError as error:
        said = author_error(error)
    assert said.startswith(f"ValueError: a b ({__file__}, line ")
    with pytest.raises(SyntaxError) as wrong:
        compile("if x\n", "acme/models.py", "exec")
    assert author_error(wrong.value) == "SyntaxError: expected ':' (acme/models.py, line 1)"
    assert len(author_error(KeyError("x" * 1_000))) == 400
