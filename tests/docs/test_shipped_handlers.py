"""The reference of shipped handlers names what they declare and do, and each can be swapped by its setting."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine
from tests.docs.test_reference import named_in, own_names, text_of
from tests.docs.test_types import TYPES, package_of

from batchbook.application import configure_services
from batchbook.batches import BatchHandler, Severity, Status
from batchbook.batches.registry import BatchTypes
from batchbook.batches.rows.per_batch import row_model_of
from batchbook.services import services_of

PAGE = "shipped-handlers.md"
TYPES_SOURCE = Path(__file__).parents[2] / "src" / "batchbook" / "types"


def public_names(key: str) -> dict[str, str]:
    """Return the table's module of a type, and its names: the handler, the models, the statuses."""
    (line,) = re.findall(
        rf"^\| `{key}` \| `([\w.]+)` \| (.*) \|$", text_of(PAGE, "What is public"), re.MULTILINE
    )
    module, names = line
    return dict.fromkeys(re.findall(r"`(\w+)`", names), module)


def test_every_shipped_type_has_its_line_and_its_section() -> None:
    lines = re.findall(r"^\| `(\w+)` \| `batchbook", text_of(PAGE), re.MULTILINE)
    sections = re.findall(r"^## (\w+)$", text_of(PAGE), re.MULTILINE)
    assert sorted(lines) == sorted(sections) == sorted(TYPES)


@pytest.mark.parametrize("key", TYPES)
def test_the_package_of_a_type_exports_what_the_table_says(key: str) -> None:
    batch_type, names = TYPES[key], public_names(key)
    (module,) = {*names.values()}
    assert module == f"batchbook.types.{package_of(batch_type)}"
    exported = importlib.import_module(module)
    found = [getattr(exported, name) for name in names]
    handler = batch_type.handler
    statuses = [one for one in (handler.statuses, handler.header_statuses) if one is not None]
    assert found == [handler, batch_type.header, row_model_of(batch_type.header), *statuses]
    assert {*names} <= {*exported.__all__}
    others = {*exported.__all__} - {*names}
    assert bool(others) == (key in ("import", "labels"))


def test_the_modules_of_types_are_not_imported_before_they_are_used() -> None:
    """Migrations and commands import the models of all types, and nothing else of them."""
    for file in TYPES_SOURCE.glob("*/__init__.py"):
        eager = [
            node.module
            for node in ast.parse(file.read_text()).body
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("batchbook.types.")
        ]
        assert eager == [], file


@pytest.mark.parametrize("key", TYPES)
def test_the_section_names_all_that_the_handler_declares_and_overrides(key: str) -> None:
    handler = TYPES[key].handler
    assert named_in(text_of(PAGE, key)) == own_names(handler)
    assert f"](../types/{key}.md)" in text_of(PAGE, key)


@pytest.mark.parametrize("key", TYPES)
def test_the_section_names_the_options_and_services(key: str) -> None:
    (told,) = re.findall(r"The execution has the options? ([^.;]*)[.;]", text_of(PAGE, key))
    options = TYPES[key].handler.execution_policy.options
    assert options is not None
    assert re.findall(r"`(\w+)`", told) == [field.name for field in options.fields]
    assert {*re.findall(r'`services\["(\w+)"\]`', text_of(PAGE, key))} == {*TYPES[key].services}


def test_hooks_of_the_general_part_are_there() -> None:
    told = re.findall(r"^- \*\*`(\w+)`\*\*", text_of(PAGE, "What may be overridden"), re.MULTILINE)
    assert told == ["refresh", "execute"]
    assert {*told} <= own_names(BatchHandler)


def test_the_callbacks_after_edits_end_with_a_refresh() -> None:
    """So a subclass need not override more than ``refresh``."""
    assert "the callback `after_edit` of three of the handlers ends with it" in text_of(PAGE).replace(
        "\n  ", " "
    )
    callbacks = [one.handler.callbacks.after_edit for one in TYPES.values()]
    found = [inspect.getsource(one) for one in callbacks if one is not None]
    assert [text.rstrip().endswith("    handler.refresh(batch, rows)") for text in found] == [True] * 3


def test_descriptions_list_rows_with_added_statuses_where_the_page_says_so() -> None:
    """Most go through the statuses that the handler declares, so those of a subclass are among them."""
    assert "imports and inventory counts do not list them, and vendor invoices" in text_of(PAGE).replace(
        "\n ", ""
    )
    listing = [
        key
        for key, one in TYPES.items()
        if re.search(r"in self\.statuses\b", inspect.getsource(one.handler.describe_execution))
    ]
    assert {*listing} == {*TYPES} - {"import", "inventory_count", "vendor_invoice"}


# --- Each of them can be swapped -------------------------------------------------------------------------------------


def made_from(key: str) -> type[BatchHandler]:  # type: ignore[type-arg] - It is the handler of any type.
    """Return a handler made from that of the type ``key``, with one status more."""
    shipped = TYPES[key].handler
    assert shipped.statuses is not None

    class Statuses(Status, extends=shipped.statuses):
        ODD = "odd", "Odd at this site", Severity.WARNING, "!"

    return type(f"Own{shipped.__name__}", (shipped,), {"statuses": Statuses, "__module__": "own_handlers"})


@pytest.fixture
def own_handlers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module with a handler made from each shipped one, called by the key of its type."""
    module = ModuleType("own_handlers")
    for key in TYPES:
        setattr(module, f"of_{key}", made_from(key))
    monkeypatch.setitem(sys.modules, "own_handlers", module)
    return module


SETTINGS = {"sqlalchemy.url": "sqlite://", "batchbook.development": "true"}


def test_a_setting_swaps_the_handler_of_each_type(own_handlers: ModuleType) -> None:
    swapped = {f"batchbook.handler.{key}": f"own_handlers:of_{key}" for key in TYPES}
    services = services_of(configure_services(SETTINGS | swapped).registry)
    services.get(Engine).dispose()
    types = services.get(BatchTypes)
    assert {one.key: one.handler for one in types} == {
        key: getattr(own_handlers, f"of_{key}") for key in TYPES
    }
    assert all("odd" in [*map(str, one.handler.statuses or ())] for one in types)


def test_a_handler_of_another_type_is_refused(own_handlers: ModuleType) -> None:
    with pytest.raises(
        ConfigurationError, match=r"'labels'.*it must be made from BatchHandler\[Labels, LabelRow\]"
    ):
        configure_services(SETTINGS | {"batchbook.handler.labels": "own_handlers:of_ordering"})
