"""Checks of the type's pages, for each role, as in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from webtest import TestApp, Upload

from batchbook.batches import Action, Batch, BatchFile, State
from batchbook.batches.lifecycle import is_possible
from batchbook.batches.pages.routes import bound_view
from batchbook.testing.databases import QUICK
from batchbook.testing.harness import FEW, ROLES, AppHarness, HarnessFixtures
from batchbook.testing.sample import Sample, check

#: The permissions on batches of the shipped roles, which decide which pages they may open.
_STAFF = {
    "view",
    "download",
    "edit",
    "refresh",
    "complete",
    "reopen",
    "create",
    "prepare",
    "populate",
    "clone",
    "comment",
    "dry-run",
}
_READING = {"view", "download"}

_OK, _FORBIDDEN, _CONFLICT = 200, 403, 409

#: Values for the variable parts of addresses.
_EXAMPLES = {"sequence": "1", "number": "1", "format": "csv"}
#: Pages that need data which the kit does not create for every type: uploaded worksheets, rows with a line in a file.
_OTHERS = frozenset({"compare_worksheet", "row_in_file"})
_PART = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|<[^>]+\sstyle=|<[^>]+\son[a-z]+=", re.IGNORECASE)


class PageChecks(HarnessFixtures):
    """Checks of pages."""

    def test_every_page_of_an_open_batch_answers(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """Staff and admin can open every page that their roles allow; auditors can't open open batches."""
        _, number = made
        problems = _problems_of_pages(harness, number, _expected_open, "staff")
        check(
            not problems, "\n".join(["Pages of an open batch have the wrong status or content.", *problems])
        )

    def test_every_page_of_an_executed_batch_answers(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        """All roles can read an executed batch; pages that would change it are refused."""
        sample, number = made
        harness.execute(number, sample)
        problems = _problems_of_pages(harness, number, _expected_executed, "auditor")
        check(
            not problems,
            "\n".join(["Pages of an executed batch have the wrong status or content.", *problems]),
        )

    @pytest.mark.usefixtures("made")
    def test_the_lists_answer(self, harness: AppHarness) -> None:
        """The start page, the list of all batches and the type's own list open for every role."""
        problems: list[str] = []
        for role in ROLES[:1] if QUICK else ROLES:
            client = harness.client(role)
            start = "/audit" if role == "auditor" else "/"
            for path in (start, "/batches", harness.path):
                problems += _problems(client, role, path, _OK)
        problems += _problems(harness.client("auditor"), "auditor", f"{harness.path}/new", _FORBIDDEN)
        check(not problems, "\n".join(["Lists have the wrong status or content.", *problems]))

    def test_a_batch_is_made_by_the_form(self, harness: AppHarness) -> None:
        """The form for a new batch creates a batch with rows."""
        with harness.transaction() as session:
            sample = self.sample(session, FEW)
        form = _form_with(harness.client("staff").get(f"{harness.path}/new"), sample)
        for name, text in sample.texts.items():
            form[name] = text
        if sample.file is not None:
            form["file"] = Upload(sample.file_name, sample.file)
        answer = form.submit(expect_errors=True)
        check(
            answer.status_int in (302, 303),
            f"The form must create a batch from the sample, but returned {answer.status_int}: {_excerpt(answer)}",
        )
        harness.run_jobs()
        with harness.transaction(read_only=True) as session:
            rows = session.scalar(select(Batch.row_count).where(Batch.type == harness.key))
        check(rows, "A batch created with the form must have rows.")


def _pages(harness: AppHarness, number: int) -> Iterator[tuple[str, str]]:
    """Yield the permission and the path of each page of a batch that has a GET."""
    with harness.transaction(read_only=True) as session:
        counted = select(func.count()).select_from(BatchFile).where(BatchFile.batch_id == number)
        files = session.scalar(counted)
    for page in bound_view(harness.batch_type.view, harness.batch_type).pages:
        known = set(_PART.findall(page.pattern)) <= _EXAMPLES.keys() and page.name not in _OTHERS
        if page.on_record and hasattr(page, "get") and known and (files or "{number" not in page.pattern):
            yield (
                page.permission,
                f"{harness.path}/{number}{_PART.sub(lambda part: _EXAMPLES[part[1]], page.pattern)}",
            )


def _problems_of_pages(
    harness: AppHarness, number: int, expected: Callable[[str, str], int], reader: str
) -> list[str]:
    """Return the problems of the pages of a batch; in quick mode only of those that the role ``reader`` may open."""
    problems: list[str] = []
    for role in [reader] if QUICK else ROLES:
        client = harness.client(role)
        for permission, path in _pages(harness, number):
            status = expected(role, permission)
            if status == _OK or not QUICK:
                problems += _problems(client, role, path, status)
    return problems


def _expected_open(role: str, permission: str) -> int:
    if role == "admin" or (role == "staff" and permission in _STAFF):
        return _OK if is_possible(Action(permission), State.OPEN) else _CONFLICT
    return _FORBIDDEN


def _expected_executed(role: str, permission: str) -> int:
    if permission in _READING:
        return _OK
    if role == "auditor" or (role == "staff" and permission not in _STAFF):
        return _FORBIDDEN
    return _CONFLICT


def _problems(client: TestApp, role: str, path: str, expected: int) -> Iterator[str]:
    answer = client.get(path, expect_errors=True)
    if answer.status_int != expected:
        yield f"  GET {path} as {role}: {answer.status_int} instead of {expected}. {_excerpt(answer)}"
    if answer.content_type == "text/html" and (inline := _INLINE.search(answer.text)):
        yield f"  GET {path} as {role}: inline code, which browsers refuse: {inline[0]}"


def _excerpt(answer: Any) -> str:
    main = answer.html.find("main") if answer.content_type == "text/html" else None
    return " ".join(main.get_text(" ").split())[:300] if main else ""


def _form_with(page: Any, sample: Sample) -> Any:
    wanted = {*sample.texts, *(["file"] if sample.file is not None else [])}
    found = [
        form for form in page.forms.values() if wanted <= set(form.fields) and form.method.lower() == "post"
    ]
    check(found, f"The form for a new batch must have the fields {sorted(wanted)}, but lacks some.")
    return found[-1]
