"""The reference is complete, and names nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from pyramid.config import Configurator
from sqlalchemy import Engine

from batchbook.application import configure
from batchbook.batches import (
    BatchHandler,
    BatchMasterView,
    BatchPage,
    Callbacks,
    ExecutionPolicy,
    FileSource,
    LinkedBatch,
    Lookup,
    Outcome,
    PerBatchRows,
    QuickEntry,
    RecordUpdate,
    Rows,
    RowTable,
    Scan,
    Worksheet,
)
from batchbook.batches.history import KINDS
from batchbook.cli import main
from batchbook.master import Page
from batchbook.services import services_of
from batchbook.settings import all_settings
from batchbook.testing import BatchTypeConformance, Sample

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def text_of(name: str, heading: str | None = None) -> str:
    """Return a page of the reference, or its part under the second-level ``heading``."""
    text = (REFERENCE / name).read_text()
    if heading is None:
        return text
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def named_in(text: str) -> set[str]:
    """Return the names in the first column of a text's tables, without parameters."""
    cells = re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
    return {name.partition("(")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


# --- Settings --------------------------------------------------------------------------------------------------------


def test_every_setting_has_its_line() -> None:
    lines = {
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else ''} | {setting.meaning} |"
        for setting in all_settings()
    }
    assert lines - set(text_of("settings.md").splitlines()) == set()


def test_no_other_setting_is_named() -> None:
    elsewhere = {"sqlalchemy.url"}
    variables = {"BATCHBOOK_CONFORMANCE", "BATCHBOOK_DATABASE_URL", "BATCHBOOK_INI", "BATCHBOOK_SECRET"}
    assert (
        named_in(text_of("settings.md"))
        == {setting.name for setting in all_settings()} | elsewhere | variables
    )


def test_every_environment_variable_is_named() -> None:
    sources = "\n".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    for variable in set(re.findall(r"\"(BATCHBOOK_[A-Z_]+)\"", sources)):
        assert f"`{variable}`" in text_of("settings.md")


def test_the_shipped_settings_files_set_only_what_is_documented() -> None:
    known = named_in(text_of("settings.md"))
    for name in ("development.ini", "production.ini"):
        said = set(
            re.findall(r"^#? ?(batchbook\.\w+|sqlalchemy\.url) =", (ROOT / name).read_text(), re.MULTILINE)
        )
        assert said
        assert said - known == set()


# --- Directives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_directive_has_its_section(settings: dict[str, str]) -> None:
    plain = Configurator()
    for package in ("pyramid_tm", "pyramid_retry", "pyramid_jinja2"):
        plain.include(package)
    ours = configure(settings)
    added = set(ours.registry._directives) - set(plain.registry._directives)
    services_of(ours.registry).get(Engine).dispose()
    assert set(re.findall(r"^## (\w+)$", text_of("directives.md"), re.MULTILINE)) == added


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_introspector_answers_as_the_reference_says(settings: dict[str, str]) -> None:
    config = configure(settings)
    for category in re.findall(r"Introspection category: `([^`]+)`", text_of("directives.md")):
        assert config.registry.introspector.get_category(category)
    services_of(config.registry).get(Engine).dispose()


# --- Hooks -----------------------------------------------------------------------------------------------------------


def own_names(kind: type[Any]) -> set[str]:
    """Return the public names that a class itself defines or declares, and those its instances get."""
    names = {*vars(kind), *vars(kind).get("__annotations__", {})}
    return {name for name in names if not name.startswith("_")}


def test_every_hook_of_the_handler_is_described() -> None:
    instance = {"context", "session", "model", "row_model", "services"}
    assert named_in(text_of("hooks.md", "Handler")) == own_names(BatchHandler) | instance


def test_every_declaration_is_described() -> None:
    assert named_in(text_of("hooks.md", "Files")) == own_names(FileSource)
    assert named_in(text_of("hooks.md", "Execution policy")) == own_names(ExecutionPolicy)
    assert named_in(text_of("hooks.md", "Callbacks")) == own_names(Callbacks)
    assert named_in(text_of("hooks.md", "Lookups")) == {one.name for one in fields(Lookup)}
    assert named_in(text_of("hooks.md", "Record update")) == {one.name for one in fields(RecordUpdate)}
    outcome = {one.name for kind in (Outcome, LinkedBatch) for one in fields(kind)}
    assert named_in(text_of("hooks.md", "Outcome")) == outcome
    assert named_in(text_of("hooks.md", "Rows per batch")) == own_names(PerBatchRows)
    methods = {"check", "adds_to", "values", "record_value", "record_values"}
    assert named_in(text_of("hooks.md", "Quick entry")) == own_names(QuickEntry) - methods | own_names(Scan)


def test_every_name_of_rows_is_described() -> None:
    assert own_names(Rows) - named_in(text_of("hooks.md", "Rows")) == set()


def test_every_name_of_a_row_table_is_described() -> None:
    assert named_in(text_of("hooks.md", "Row table")) == own_names(RowTable)


def test_every_name_of_a_page_is_described() -> None:
    of_subclasses, of_instances = {"get", "post"}, {"request", "view", "context"}
    assert (
        named_in(text_of("hooks.md", "Page"))
        == own_names(Page) | own_names(BatchPage) | of_subclasses | of_instances
    )


def test_every_hook_of_the_view_is_described() -> None:
    named = named_in(text_of("hooks.md", "View"))
    assert own_names(BatchMasterView) - named == set()
    declared = {name for kind in BatchMasterView.__mro__ for name in own_names(kind)}
    assert named - declared == set()


def test_defaults_of_the_handler_are_those_of_the_table() -> None:
    said = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", text_of("hooks.md", "Handler"), re.MULTILINE))
    assert len(said) > 10
    for name, default in said.items():
        assert eval(
            default, {"Worksheet": Worksheet, "ExecutionPolicy": ExecutionPolicy, "Callbacks": Callbacks}
        ) == getattr(BatchHandler, name)


# --- Testing ---------------------------------------------------------------------------------------------------------


def test_every_check_of_the_kit_is_described() -> None:
    checks = {name for name in dir(BatchTypeConformance) if name.startswith("test_")}
    assert named_in(text_of("testing.md", "The checks")) == checks


def test_every_field_of_a_sample_is_described() -> None:
    assert named_in(text_of("testing.md", "Sample")) == {one.name for one in fields(Sample)}


def test_the_class_and_the_fixtures_of_the_kit_are_described() -> None:
    assert named_in(text_of("testing.md", "The class")) == {"key", "settings", "sample"}
    for name in named_in(text_of("testing.md", "Databases for your own tests")):
        assert hasattr(BatchTypeConformance, name)


# --- Commands --------------------------------------------------------------------------------------------------------


def test_every_kind_of_operation_is_named() -> None:
    assert {*re.findall(r"`([^`]+)`", text_of("history.md", "Kinds"))} == {*KINDS}


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield " ".join((*before, name)), command


def test_every_command_has_its_line() -> None:
    known = dict(commands(main))
    lines = re.findall(r"^\| `([^`]+)` \| (.*) \|$", text_of("commands.md"), re.MULTILINE)
    assert {re.sub(r" [A-Z].*", "", name) for name, _ in lines} == set(known)


@pytest.mark.parametrize("name", dict(commands(main)))
def test_the_options_of_a_command_are_those_of_its_line(name: str) -> None:
    command = dict(commands(main))[name]
    options = {
        parameter.opts[-1]
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
    }
    (meaning,) = re.findall(rf"^\| `{name}(?: [A-Z ]+)?` \| (.*) \|$", text_of("commands.md"), re.MULTILINE)
    assert set(re.findall(r"`(--[\w-]+)`", meaning)) == options - {"--json"}
