"""What the kit must be told of a batch type to be able to make batches of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
