"""The reference of columns, forms, templates and the catalogue names all that is there, and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy
from jinja2 import Environment, FileSystemLoader, nodes
from pyramid_jinja2 import IJinja2Environment
from sqlalchemy import inspect as mapped
from tests.docs.test_reference import named_in, own_names, text_of

import batchbook.db
from batchbook.batches.models import COLUMN_OPTIONS, column
from batchbook.catalog import models as catalog
from batchbook.db import Base, ExactDecimal
from batchbook.forms import BoundForm, Field, Form, Widget
from batchbook.grid import Column, Kind, Reference, kind_of
from batchbook.purchasing import models as purchasing

TEMPLATES = Path(__file__).parents[2] / "templates"


def parameters(function: Any) -> set[str]:
    """Return the names of a function's parameters, but for its first one if that is the object or the class."""
    return {*inspect.signature(function).parameters} - {"self"}


# --- Columns ---------------------------------------------------------------------------------------------------------


def test_every_option_of_a_column_is_described() -> None:
    assert named_in(text_of("columns.md", "Options")) == {"label", *COLUMN_OPTIONS}
    for name in COLUMN_OPTIONS:
        assert column(**{name: "x"}).column.info == {name: "x"}


def test_the_types_have_the_kinds_of_the_table() -> None:
    lines = re.findall(
        r"^\| `(\w+)` \| `([\w.]+)` \| `(\w+)` \|", text_of("columns.md", "Types"), re.MULTILINE
    )
    assert len(lines) > 5
    for name, package, kind in lines:
        found = getattr({"sqlalchemy": sqlalchemy, "batchbook.db": batchbook.db}[package], name)
        assert kind_of(found("a", "b") if name == "Enum" else found()) is Kind[kind]
    assert ExactDecimal(18, 2).precision == 18
    with pytest.raises(ValueError, match="18 digits"):
        ExactDecimal(19, 2)


def test_every_kind_is_described() -> None:
    assert named_in(text_of("columns.md", "Kinds")) == {kind.name for kind in Kind}


@pytest.mark.parametrize(("heading", "kind"), [("References", Reference), ("Columns of grids", Column)])
def test_every_part_is_described(heading: str, kind: Any) -> None:
    assert named_in(text_of("columns.md", heading)) == {one.name for one in dataclasses.fields(kind)}


# --- Forms -----------------------------------------------------------------------------------------------------------


def test_every_argument_of_fields_and_forms_is_described() -> None:
    assert named_in(text_of("forms.md", "Field")) == parameters(Field.of)
    methods = {"bind", "validate", "written_by"}
    assert named_in(text_of("forms.md", "Form")) == parameters(Form.__init__) | methods
    assert methods == {name for name in vars(Form) if not name.startswith("_")}


def test_every_widget_is_described() -> None:
    assert named_in(text_of("forms.md", "Widgets")) == {*get_args(Widget)}


def test_every_name_of_a_bound_form_is_described() -> None:
    assert named_in(text_of("forms.md", "Bound form")) == own_names(BoundForm)


# --- Templates -------------------------------------------------------------------------------------------------------


def macros(name: str) -> dict[str, str]:
    """Return the public macros of a file, each with its parameters as it is written."""
    found = re.findall(r"\{%-? macro (\w+)(\(.*?\)) -?%\}", (TEMPLATES / "macros" / name).read_text())
    return {macro: f"{macro}{declared}" for macro, declared in found if not macro.startswith("_")}


def described(heading: str) -> dict[str, str]:
    lines = re.findall(r"^\| `((\w+)\(.*?\))` \|", text_of("templates.md", heading), re.MULTILINE)
    return {name: declared for declared, name in lines}


@pytest.mark.parametrize(("heading", "file"), [("Forms", "form.jinja2"), ("Parts of a page", "page.jinja2")])
def test_every_macro_is_described_as_it_is_called(heading: str, file: str) -> None:
    assert described(heading) == macros(file)


def test_the_way_to_a_page_of_a_batch_is_described_as_it_is_called() -> None:
    (called,) = re.findall(r"`(trail\(.*?\))`", text_of("templates.md", "Parts of a page"))
    assert f"macro {called} " in (TEMPLATES / "batches" / "parts" / "heading.jinja2").read_text()


def test_the_other_macros_are_where_the_table_says() -> None:
    text = text_of("templates.md", "Messages, tables and charts")
    lines = re.findall(r"^\| `((\w+)\(.*?\))` \| `macros/([\w.]+)` \|", text, re.MULTILINE)
    assert len(lines) == 3
    for declared, name, file in lines:
        assert macros(file)[name] == declared


def test_the_blocks_are_those_of_the_templates() -> None:
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(TEMPLATES), extensions=["jinja2.ext.do"]
    )
    lines = re.findall(
        r"^\| `([\w/.]+)` \| (`.*?`) \|", text_of("templates.md", "Templates to extend"), re.MULTILINE
    )
    assert len(lines) == 6
    for template, blocks in lines:
        tree = environment.parse((TEMPLATES / template).read_text())
        there = {block.name for block in tree.find_all(nodes.Block)}
        assert {*re.findall(r"`(\w+)`", blocks)} <= there
        if template == "layout.jinja2":
            assert {*re.findall(r"`(\w+)`", blocks)} == there


#: What pyramid_jinja2 adds.
_OF_PYRAMID = {"get_csrf_token", "static_path", "gettext", "ngettext", "pgettext", "npgettext", "_"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_function_and_filter_is_described(app: Any) -> None:
    plain = Environment(autoescape=True)
    environment = app.registry.queryUtility(IJinja2Environment, name=".jinja2")
    added = ({*environment.globals} - {*plain.globals}) | ({*environment.filters} - {*plain.filters})
    ours = {name for name in added - _OF_PYRAMID if not name.endswith(("_url", "_path"))}
    assert named_in(text_of("templates.md", "Functions and filters")) == ours


# --- The catalogue ---------------------------------------------------------------------------------------------------

MODELS = list(
    dict.fromkeys(
        model
        for module in (catalog, purchasing)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Base) and model is not Base
    )
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_column_of_a_model_is_described(model: Any) -> None:
    text = text_of("catalogue.md", model.__name__)
    assert named_in(text) == {*mapped(model).column_attrs.keys()}
    for name in mapped(model).relationships.keys():  # noqa: SIM118 - Iterated over, it yields the relationships.
        assert f"`{name}`" in text
    for name in (one for one, value in vars(model).items() if isinstance(value, classmethod)):
        assert f"`{model.__name__}.{name}(" in text


def test_no_other_model_is_described() -> None:
    headings = re.findall(r"^## (\w+)$", text_of("catalogue.md"), re.MULTILINE)
    assert sorted(headings) == sorted(model.__name__ for model in MODELS)


def test_every_name_that_the_catalogue_exports_is_named() -> None:
    for name in catalog.__all__:
        assert re.search(rf"\b{name}\b", text_of("catalogue.md"))
    assert [state.value for state in purchasing.OrderState] == ["open", "received", "closed"]
    assert "`open`, `received`, `closed`" in text_of("catalogue.md", "PurchaseOrder")
