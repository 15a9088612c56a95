"""The sample that describes a batch type to the kit, and the functions by which checks fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

#: The number of differences that a failure lists.
_SHOWN = 5


def complain(sentence: str) -> NoReturn:
    """Fail the check with ``sentence`` as the reason."""
    __tracebackhide__ = True
    raise AssertionError(sentence)


def check(condition: object, sentence: str) -> None:
    """Fail the check with ``sentence`` unless ``condition`` is true."""
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
    except Exception as other:  # noqa: BLE001 - Any other error fails the check.
        complain(f"To {what} must raise {error.__name__}, and raised {type(other).__name__}: {other}")
    complain(f"To {what} must raise {error.__name__}, and was done.")


def same(before: Mapping[Any, Any], after: Mapping[Any, Any], sentence: str) -> None:
    """Fail the check with ``sentence`` and the differences unless both mappings are equal."""
    __tracebackhide__ = True
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if keys:
        lines = [f"  {key}: {before.get(key)!r} became {after.get(key)!r}" for key in keys[:_SHOWN]]
        complain("\n".join([f"{sentence} {len(keys)} differ:", *lines]))


@dataclass(frozen=True)
class Sample:
    """The input for one batch that can be executed, with all values as users would enter them.

    ``texts`` has the fields of the header; ``file`` is uploaded as ``file_name`` for a type that takes files (in a CSV
    file, the kit can spoil a cell). ``edit`` has an editable field of the rows and a text that differs from its value
    in row 1, and ``edits`` further ones, each of which is checked by itself; ``row`` has the fields of a row that can be added by hand, ``scan`` a text that quick entry accepts.
    ``options`` are those of the execution. Leave out fields that do not apply to the type.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    file: bytes | None = None
    file_name: str = "sample.csv"
    edit: tuple[str, str] | None = None
    edits: Sequence[tuple[str, str]] = ()
    row: Mapping[str, str] | None = None
    scan: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_edits(self) -> list[tuple[str, str]]:
        """All fields that are edited, with their new texts."""
        return [*([] if self.edit is None else [self.edit]), *self.edits]
