"""Issues of cells are stored as JSON, and whatever is stored in their place is read as issues."""

from __future__ import annotations

from typing import Any

import pytest

from batchbook.batches import Severity, issue
from batchbook.batches.rows.issues import in_words, plain_lines, sound_issues, without_issues_of

LATE = issue("counted", "late", "This came late.", Severity.WARNING, raw="9", suggestions=["8", "10"])
ODD = issue("remark", "odd", "This is odd.")


def test_an_issue_has_what_programs_and_people_need() -> None:
    assert LATE == {
        "field": "counted",
        "code": "late",
        "severity": "warning",
        "message": "This came late.",
        "raw": "9",
        "suggestions": ["8", "10"],
    }
    assert (ODD["severity"], ODD["raw"], "suggestions" in ODD) == ("error", None, False)
    assert in_words(LATE) == "This came late. Perhaps: 8, 10."
    assert in_words(ODD) == "This is odd."


def test_characters_that_no_database_stores_are_replaced() -> None:
    found = issue("remark", "odd", "a\0b", raw="\udcff", suggestions=["c\0"])
    assert (found["message"], found["raw"], found["suggestions"]) == ("a�b", "�", ["c�"])


def test_stored_issues_are_read_as_they_are() -> None:
    assert sound_issues([LATE, ODD]) == [LATE, ODD]
    assert sound_issues(None) is None
    assert sound_issues([]) is None


@pytest.mark.parametrize(
    "stored", [{"field": "counted"}, ["x"], 7, [{"field": 1, "code": "a", "message": "b"}]]
)
def test_anything_else_becomes_an_issue_that_keeps_its_text(stored: Any) -> None:
    (found,) = sound_issues(stored) or []
    assert (found["field"], found["code"]) == ("issues", "not-readable")
    assert found["raw"]


def test_unusable_parts_of_an_issue_are_put_right() -> None:
    stored = {
        "field": "counted",
        "code": "late",
        "message": "Late.",
        "severity": "dreadful",
        "raw": 9,
        "suggestions": "8",
    }
    assert sound_issues([stored]) == [issue("counted", "late", "Late.", Severity.ERROR, raw="9")]
    stored["severity"] = "warning"
    assert sound_issues([stored]) == [issue("counted", "late", "Late.", Severity.WARNING, raw="9")]
    del stored["raw"], stored["suggestions"]
    assert sound_issues([stored]) == [issue("counted", "late", "Late.", Severity.WARNING)]


def test_issues_of_one_field_are_dropped() -> None:
    assert without_issues_of([LATE, ODD], "counted") == [ODD]
    assert without_issues_of([ODD], "remark") is None
    assert without_issues_of(None, "remark") is None


def test_lines_end_alike_whoever_wrote_them() -> None:
    assert plain_lines("a\r\nb\rc\nd") == "a\nb\nc\nd"
