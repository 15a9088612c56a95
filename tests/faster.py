"""Shortcuts through third-party libraries that do the same work in each test anew. What they return stays the same."""

from __future__ import annotations

import re
from typing import Any

from pyramid.util import TopologicalSorter
from sqlalchemy import URL, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from webtest.forms import Form
from webtest.response import TestResponse

from batchbook.db import engine as engines

# --- SQLAlchemy: statements are compiled once per process, not once per engine -----------------------------------------

_COMPILED: dict[str, LRUCache[Any, Any]] = {}
_create_engine = engines.create_engine


def _create_sharing_engine(url: URL, **options: Any) -> Engine:
    """Create an engine that shares the statements that SQLAlchemy has compiled with all others on the same kind of database.

    Each test has an engine of its own, and compiling everything anew took a fifth of the time.
    """
    engine = _create_engine(url, **options)
    # It has no public setting for this. The key of a statement has the dialect, so those of one kind count as one below.
    engine._compiled_cache = _COMPILED.setdefault(engine.dialect.name, LRUCache(2_000))
    return engine


# --- WebTest: a page is not parsed as a whole to find its forms --------------------------------------------------------

_FORM = re.compile(r"<form\b.*?</form\s*>", re.DOTALL | re.IGNORECASE)
_MARKS = re.compile(r"</?form\b|<!--", re.IGNORECASE)
_parse_forms = TestResponse._parse_forms


class _CutForm(Form):
    """A form that looks for its fields elsewhere on the page only if some field may name the form."""

    def _parse_fields(self) -> None:
        name, page = self.id, self.response.testbody
        if name and f'form="{name}"' not in page and f"form={name}" not in page:
            self.id = None
        super()._parse_fields()
        self.id = name


def _cut_out_forms(response: Any) -> None:
    """Parse the forms of a page, and nothing else of it; WebTest parses the page first, and then each form again.

    A page in which the tags of forms do not alternate, or which has a comment, is left to WebTest.
    """
    if "html" not in response.content_type or not _is_plain(response.testbody):
        _parse_forms(response)
        return
    response._forms_indexed = forms = {}
    for number, text in enumerate(_FORM.findall(response.testbody)):
        forms[number] = form = _CutForm(response, text, response.parser_features)
        if form.id:
            forms[form.id] = form


def _is_plain(page: str) -> bool:
    """Tell whether each form of a page ends before the next one begins, and no comment may hold one."""
    marks = [mark.lower() for mark in _MARKS.findall(page)]
    return marks == ["<form", "</form"] * (len(marks) // 2)


# --- Pyramid: what it sorts for each view is sorted once ---------------------------------------------------------------

_sorted, _add, _remove = TopologicalSorter.sorted, TopologicalSorter.add, TopologicalSorter.remove


def _sorted_once(sorter: Any) -> list[Any]:
    """Return the names of a sorter in order, as it was found when the last one was added."""
    found = vars(sorter).get("_found")
    if found is None:
        sorter._found = found = _sorted(sorter)
    return list(found)


def _add_anew(sorter: Any, *arguments: Any, **options: Any) -> None:
    sorter._found = None
    _add(sorter, *arguments, **options)


def _remove_anew(sorter: Any, name: str) -> None:
    sorter._found = None
    _remove(sorter, name)


def install() -> None:
    """Take the shortcuts in this process."""
    engines.create_engine = _create_sharing_engine
    DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign]
    DefaultDialect.__eq__ = lambda dialect, other: type(dialect) is type(other)  # type: ignore[method-assign]
    TestResponse._parse_forms = _cut_out_forms
    TopologicalSorter.sorted, TopologicalSorter.add, TopologicalSorter.remove = (
        _sorted_once,
        _add_anew,
        _remove_anew,
    )
