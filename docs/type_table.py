"""Write the table of the shipped batch types, with the lines of each, into ``docs/types/README.md``: ``make structure``."""

from __future__ import annotations

import io
import sys
import token
import tokenize
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from structure import ROOT, replace_section

import batchbook.models  # noqa: F401 - With the types' own models, all of their headers are known.
from batchbook.batches import Batch
from batchbook.types import SHIPPED

DOCUMENT = ROOT / "docs" / "types" / "README.md"
TYPES = ROOT / "src" / "batchbook" / "types"
TEMPLATES = ROOT / "templates" / "types"

#: The parts of a type by the names of their modules; all others are counted together.
PARTS = ("models", "handler", "views")

_NO_CODE = {
    token.COMMENT,
    token.NL,
    token.NEWLINE,
    token.INDENT,
    token.DEDENT,
    token.ENCODING,
    token.ENDMARKER,
}


def lines_of_code(text: str) -> int:
    """Return the number of lines of Python in ``text`` that are neither blank nor comments; docstrings count."""
    found: set[int] = set()
    for one in tokenize.generate_tokens(io.StringIO(text).readline):
        if one.type not in _NO_CODE:
            found.update(range(one.start[0], one.end[0] + 1))
    lines = text.splitlines()
    return sum(bool(lines[number - 1].strip()) for number in found)


@dataclass(frozen=True)
class ShippedType:
    """A shipped type: its key, its titles, its description for people, and the folder of its package."""

    key: str
    title: str
    description: str
    folder: Path

    def lines(self, *names: str) -> int:
        """Return the lines of code in the modules called ``names``, or in all others if there are none."""
        files = list(self.folder.rglob("*.py"))
        chosen = [file for file in files if (file.stem in names if names else file.stem not in PARTS)]
        return sum(lines_of_code(file.read_text()) for file in chosen)

    @property
    def template_lines(self) -> int:
        """The lines of the type's templates."""
        return sum(
            len(file.read_text().splitlines()) for file in (TEMPLATES / self.folder.name).rglob("*.jinja2")
        )


def shipped_types() -> list[ShippedType]:
    """Return the shipped types, in the order of the navigation."""
    found = []
    for package in SHIPPED:
        (header,) = (
            mapper.class_
            for mapper in Batch.registry.mappers
            if mapper.class_.__module__ == f"batchbook.types.{package}.models"
            and issubclass(mapper.class_, Batch)
        )
        views = vars(import_module(f"batchbook.types.{package}.views"))
        (view,) = (
            one
            for name, one in views.items()
            if name.endswith("View") and one.__module__ == f"batchbook.types.{package}.views"
        )
        found.append(ShippedType(header.__tablename__, header.__title__, view.description, TYPES / package))
    return found


def table() -> str:
    """Return the table, a line for each type."""
    lines = [
        f"| type | key | what it is for | {' | '.join(PARTS)} | other modules | templates | in all |",
        f"|---|---|---|{'--:|' * (len(PARTS) + 3)}",
    ]
    for one in shipped_types():
        counts = [*(one.lines(part) for part in PARTS), one.lines(), one.template_lines]
        cells = [f"[{one.title}]({one.key}.md)", f"`{one.key}`", one.description, *(f"{n:,}" for n in counts)]
        lines.append(f"| {' | '.join([*cells, f'{sum(counts):,}'])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(replace_section(DOCUMENT.read_text(), "types", table()))
