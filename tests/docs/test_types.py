"""The pages of the shipped batch types: each has one, with a picture, and the table of their lines is what is counted."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.application import configure_services
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.grid import columns_of
from batchbook.services import services_of

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "types"
HEADINGS = ["What it is for", "Who does what", "Columns", "Statuses", "What executing does"]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("type_table", ROOT / "docs" / "type_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["type_table"] = module  # Its dataclasses look themselves up.
    spec.loader.exec_module(module)
    return module


type_table: Any = _script()


def registered() -> dict[str, BatchType]:
    """Return the types that ship, by key."""
    config = configure_services({"sqlalchemy.url": "sqlite://", "batchbook.development": "true"})
    services = services_of(config.registry)
    services.get(Engine).dispose()
    return {batch_type.key: batch_type for batch_type in services.get(BatchTypes)}


TYPES = registered()


def package_of(batch_type: BatchType) -> str:
    """Return the name of a type's package below ``batchbook.types``."""
    return batch_type.header.__module__.split(".")[2]


def text_of(key: str, heading: str | None = None) -> str:
    """Return the page of a type, or its part under a second-level ``heading``."""
    text = (PAGES / f"{key}.md").read_text()
    return text if heading is None else text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_the_table_of_types_is_up_to_date() -> None:
    text = type_table.DOCUMENT.read_text()
    assert type_table.replace_section(text, "types", type_table.table()) == text, "Run make structure."


def test_every_type_is_in_the_table() -> None:
    assert {one.key for one in type_table.shipped_types()} == TYPES.keys()


@pytest.mark.parametrize(("text", "lines"), [
    ("", 0), ("# Nothing\n\n", 0), ("a = 1  # One.\n\n# Two.\nb = 2\n", 2), ('def f():\n    """Say.\n\n    More.\n    """\n', 4),
    ("a = (\n    1,\n    # Two.\n    2,\n)\n", 4),
])  # fmt: skip
def test_lines_of_code_are_neither_blank_nor_comments(text: str, lines: int) -> None:
    assert type_table.lines_of_code(text) == lines


@pytest.mark.parametrize("key", TYPES)
def test_every_type_has_its_page_and_its_picture(key: str) -> None:
    text = text_of(key)
    assert text.startswith(f"# {TYPES[key].title}\n")
    assert [one for one in re.findall(r"^## (.*)$", text, re.MULTILINE) if one in HEADINGS] == HEADINGS
    assert f"](../images/types/{key}.png)" in text
    assert (ROOT / "docs" / "images" / "types" / f"{key}.png").is_file()
    assert f'    "{key}": ' in (ROOT / "docs" / "pictures.py").read_text(), "Nothing makes its picture."


@pytest.mark.parametrize("key", TYPES)
def test_the_page_of_a_type_tells_of_each_status_and_column(key: str) -> None:
    batch_type = TYPES[key]
    told = text_of(key, "Statuses")
    assert [one.label for one in batch_type.handler.statuses or () if one.label not in told] == []
    names = [one for one in batch_type.view.row_table.columns if isinstance(one, str) and one != "status"]
    told = text_of(key, "Columns")
    assert [one.label for one in columns_of(batch_type.row, names) if one.label not in told] == []


@pytest.mark.parametrize("key", TYPES)
def test_every_type_is_held_by_the_kit_and_has_a_story_for_each_role(key: str) -> None:
    tests = ROOT / "tests" / "types" / package_of(TYPES[key])
    kit = (tests / f"test_{key}_kit.py").read_text()
    assert re.search(r"^class Test\w+\(BatchTypeConformance\):", kit, re.MULTILINE)
    assert f'key = "{key}"' in kit
    story = (tests / "test_story.py").read_text()
    for role in ("staff", "admin", "auditor"):
        assert f"{role}: TestApp" in story
