"""Declarations: rules for what a class declares as data, and the sentence about a value that breaks one.

Authors of plug-ins declare most things as attributes. A wrong value would fail much later, somewhere else, or never: a text
is a sequence of letters, and ``("code")`` is a text.
"""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from inspect import get_annotations
from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy.orm import MappedColumn, MapperProperty


@dataclass(frozen=True)
class Rule:
    """A rule for a declared value: ``wanted`` completes the sentence "it must be", ``holds`` tells whether a value is."""

    wanted: str
    holds: Callable[[Any], bool]


_LONGEST_VALUE = 60


def refuse_wrong(owner: str, declared: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Raise ``ConfigurationError`` for the first of the values ``declared`` by ``owner`` that breaks its rule."""
    for name, rule in rules.items():
        if name in declared and not rule.holds(declared[name]):
            raise ConfigurationError(f"{owner}.{name} must be {rule.wanted}, and is {shown(declared[name])}.")


def shown(value: Any) -> str:
    """Return ``value`` as a sentence quotes it: one line that is not long."""
    if inspect.isfunction(value):
        return f"{value.__qualname__}{inspect.signature(value)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def instance_of(kind: type[Any] | tuple[type[Any], ...], wanted: str) -> Rule:
    """Return the rule for an instance of ``kind``; True and False are no numbers."""
    return Rule(
        wanted, lambda value: isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    )


def subclass_of(kind: type[Any], wanted: str) -> Rule:
    """Return the rule for a class that is a subclass of ``kind``."""
    return Rule(wanted, lambda value: isinstance(value, type) and issubclass(value, kind))


def at_least(least: int) -> Rule:
    """Return the rule for a whole number from ``least`` on."""
    return Rule(
        f"a whole number from {least} on",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least,
    )


def or_none(rule: Rule) -> Rule:
    """Return the rule that allows ``None`` as well."""
    return Rule(f"{rule.wanted}, or None", lambda value: value is None or rule.holds(value))


def sequence_of(kinds: type[Any] | tuple[type[Any], ...], wanted: str) -> Rule:
    """Return the rule for a tuple, list or set of ``kinds``; a text is none, although it has letters."""
    return Rule(wanted, lambda value: _is_collection(value) and all(isinstance(one, kinds) for one in value))


def mapping_of(key: type[Any], value_holds: Callable[[Any], bool], wanted: str) -> Rule:
    """Return the rule for a mapping of ``key`` to values that pass ``value_holds``."""
    return Rule(
        wanted,
        lambda value: (
            isinstance(value, Mapping)
            and all(isinstance(one, key) for one in value)
            and all(map(value_holds, value.values()))
        ),
    )


def is_texts(value: Any) -> bool:
    """Return whether ``value`` is a tuple, list or set of texts."""
    return _is_collection(value) and all(isinstance(one, str) for one in value)


def is_text(value: Any) -> bool:
    """Return whether ``value`` is a text."""
    return isinstance(value, str)


def _is_collection(value: Any) -> bool:
    return isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes)


def function_of(*arguments: str) -> Rule:
    """Return the rule for a function that can be called with ``arguments``."""
    wanted = f"a function of {' and '.join(filter(None, [', '.join(arguments[:-1]), arguments[-1]]))}"
    return Rule(wanted, lambda value: callable(value) and _takes(value, len(arguments), ()))


def refuse_wrong_method(owner: type[Any], name: str, base: type[Any]) -> None:
    """Raise ``ConfigurationError`` if ``owner`` overrides the method ``name`` of ``base`` by what can't be called as it is."""
    original = getattr(base, name)
    found = inspect.getattr_static(owner, name)
    if found is inspect.getattr_static(base, name):
        return
    wanted = [*inspect.signature(original).parameters.values()][1:]
    names = [one.name for one in wanted if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    keywords = [one.name for one in wanted if one.kind is inspect.Parameter.KEYWORD_ONLY]
    heading = f"{owner.__name__}.{name}"
    form = ", ".join(["self", *names, *(["*", *keywords] if keywords else [])])
    if not callable(getattr(owner, name)):
        raise ConfigurationError(
            f"{heading} must be a method, def {name}({form}), and is {shown(getattr(owner, name))}."
        )
    if inspect.iscoroutinefunction(found) or inspect.isasyncgenfunction(found):
        raise ConfigurationError(f"{heading} is async, and nothing awaits it: write def {name}({form}).")
    bound = isinstance(found, staticmethod | classmethod)
    if not _takes(getattr(owner, name), len(names) + (not bound), keywords):
        raise ConfigurationError(
            f"{heading} can't be called with the arguments that it gets: write def {name}({form})."
        )


def refuse_without_super(owner: type[Any], base: type[Any]) -> None:
    """Raise ``ConfigurationError`` if an ``__init__`` of ``owner`` leaves out that of ``base``, which it overrides."""
    for one in owner.__mro__[: owner.__mro__.index(base)]:
        code = getattr(inspect.unwrap(vars(one).get("__init__", base)), "__code__", None)
        if code is not None and "__init__" not in code.co_names:
            arguments = ", ".join([*inspect.signature(base.__init__).parameters][1:])
            raise ConfigurationError(
                f"{one.__name__}.__init__ does not call that of {base.__name__}, which sets what its other methods use: begin"
                f" it with super().__init__({arguments})."
            )


def _takes(function: Any, count: int, keywords: Sequence[str]) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count, **dict.fromkeys(keywords))
    except TypeError:
        return False
    except ValueError:  # A function in C without a signature.
        return True
    return True


# --- Names -------------------------------------------------------------------------------------------------------------

#: Names that are shorter are too similar to each other by chance.
_SHORTEST_NAME = 6


def refuse_misspelt(what: str, found: type[Any], base: type[Any]) -> None:
    """Raise ``ConfigurationError`` where ``found`` has a public name that differs by a letter from one of ``base``.

    Otherwise a hook whose name is misspelt would never be called, and nobody would be told.
    """
    known = {name for name in dir(base) if not name.startswith("_") and len(name) >= _SHORTEST_NAME}
    for owner in found.__mro__[: found.__mro__.index(base)]:
        for name in vars(owner):
            if name.startswith("_") or name in known:
                continue
            meant = next((other for other in sorted(known) if _differ_by_a_letter(name, other)), None)
            if meant is not None:
                raise ConfigurationError(
                    f"{what}, {owner.__name__}, defines {name}, which is one letter from"
                    f" {meant}: write {meant}, or give what is your own another name."
                )


def _differ_by_a_letter(one: str, other: str) -> bool:
    """Return whether ``one`` becomes ``other`` if a letter is left out, added or replaced, or two neighbours change places."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, others = one[start:], other[start:]
    swapped = rest[1::-1] + rest[2:]
    return others in (rest[1:], swapped) or others[1:] in (rest, rest[1:])


# --- Errors in an author's code --------------------------------------------------------------------------------------

_LONGEST_ERROR = 400
#: SQLAlchemy's pointers to its documentation.
_POINTER = re.compile(r"\s*\(Background on this error at: \S+\)")


def author_error(error: BaseException) -> str:
    """Return ``error``, raised by the code of a plug-in, in one line, with the file and line where it was raised."""
    text = " ".join(_POINTER.sub("", str(error)).split())
    if isinstance(error, SyntaxError):
        text, place = error.msg, (error.filename or "", error.lineno or 0)
    else:
        place = _place_of(error)
    text = f"{type(error).__name__}: {text}"
    if len(text) > _LONGEST_ERROR:
        text = f"{text[: _LONGEST_ERROR - 1]}…"
    return f"{text} ({place[0]}, line {place[1]})" if place[0] else text


def _place_of(error: BaseException) -> tuple[str, int]:
    """Return the last place of the trace that is neither in Batchbook nor in a library."""
    ours = str(Path(__file__).parent)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        installed = "site-packages" in frame.filename or frame.filename.startswith(
            ("<", ours, _STANDARD_LIBRARY)
        )
        if not installed:
            return frame.filename, frame.lineno or 0
    return "", 0


_STANDARD_LIBRARY = str(Path(traceback.__file__).parent)


def refuse_taken(model: type[Any], base: type[Any], taken: Set[str], *, attributes: bool = False) -> None:
    """Refuse a ``model`` of an author that uses a table of another one, or the name of a column that ``base`` has already.

    ``taken`` are the names of these columns. With ``attributes``, the names of what else ``base`` has are refused for columns as
    well: a column in place of a property, such as the owner, would be read instead of it; a method may be overridden.
    """
    where = f"{model.__name__} in {model.__module__}"
    table = model.__dict__.get("__tablename__")
    if table in model.metadata.tables:
        raise ConfigurationError(
            f"The model {where} has the __tablename__ {table!r}, which is another model's table: give it another one."
        )
    annotated = {*get_annotations(model)}
    columns = annotated | {
        name for name, value in vars(model).items() if isinstance(value, MappedColumn | MapperProperty)
    }
    others = {name for name in dir(base) if not name.startswith("_")} - {"id"} if attributes else set()
    twice = sorted((taken & ({*vars(model)} | annotated)) | (others & columns))
    if twice:
        raise ConfigurationError(
            f"The model {where} has a column {twice[0]}, which every {base.__name__} has already: give it another name."
        )
