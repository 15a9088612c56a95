"""The description of a batch type that its author gives to the kit, and the complaints of the kit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

#: How many differences a complaint shows.
_SHOWN = 5


def complain(sentence: str) -> NoReturn:
    """Fail the check, saying why."""
    __tracebackhide__ = True
    raise AssertionError(sentence)


def check(condition: object, sentence: str) -> None:
    """Fail the check unless ``condition`` holds."""
    __tracebackhide__ = True
    if not condition:
        complain(sentence)


@contextmanager
def refused(error: type[Exception], what: str) -> Iterator[None]:
    """Run the block, which must raise ``error``; ``what`` says what it tries to do."""
    __tracebackhide__ = True
    try:
        yield
    except error:
        return
    except Exception as other:  # noqa: BLE001 - Whatever else is raised is the complaint.
        complain(f"To {what} must raise {error.__name__}, and raised {type(other).__name__}: {other}")
    complain(f"To {what} must raise {error.__name__}, and was done.")


def same(before: Mapping[Any, Any], after: Mapping[Any, Any], sentence: str) -> None:
    """Fail the check with ``sentence`` and what differs, unless both mappings are equal."""
    __tracebackhide__ = True
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if keys:
        lines = [f"  {key}: {before.get(key)!r} became {after.get(key)!r}" for key in keys[:_SHOWN]]
        complain("\n".join([f"{sentence} {len(keys)} differ:", *lines]))


@dataclass(frozen=True)
class Sample:
    """How to make one batch that can be executed, all values as people would give them.

    ``texts`` are fields of the header; ``file`` is what is uploaded, under ``file_name``, for a type that takes files
    (CSV lets the kit spoil a cell). ``edit`` names an editable field of the rows and a text that row 1 does not have
    there; ``row`` has the fields of a row that may be added by hand, ``scan`` a text that the quick entry box
    understands. ``options`` are chosen at execution. Leave out what the type does not have.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    file: bytes | None = None
    file_name: str = "sample.csv"
    edit: tuple[str, str] | None = None
    row: Mapping[str, str] | None = None
    scan: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
