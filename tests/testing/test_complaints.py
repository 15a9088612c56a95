"""The kit complains about a batch type that is broken: each check is made to fail once, and says why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent

#: For each broken type the check that must complain, and words of the complaint.
COMPLAINTS = {
    "TestRefreshesForEver": (
        "test_refreshing_again_changes_nothing",
        "must change nothing when nothing changed",
    ),
    "TestGivesNumbers": (
        "test_every_value_is_one_of_its_column",
        "row 2: “2” came as a number, but Item code takes",
    ),
    "TestHasFewStatuses": ("test_every_status_is_declared", "handler.statuses lacks: ['increase']"),
    "TestPopulatesNothing": ("test_populate_gives_numbered_rows", "populate yielded no rows"),
    "TestChangesOtherRows": ("test_an_edit_is_stored_and_remembered", "The header's counts after an edit"),
    "TestDropsBadRows": ("test_a_bad_cell_keeps_its_row_and_its_text", "no issue names it"),
    "TestForgetsBadText": ("test_a_bad_cell_keeps_its_row_and_its_text", "must keep what was there as raw"),
    "TestCommits": (
        "test_a_failure_leaves_everything_as_it_was[execute]",
        "session.commit() was refused",
    ),
    "TestSaysNothing": ("test_execution_is_described_before_it_happens", "says nothing"),
    "TestWritesOnAPage": ("test_every_page_of_an_open_batch_answers", "as staff: 500 instead of 200"),
    "TestDoesNothing": ("test_execution_happens_once", "changed nothing outside the batch"),
    "TestUnderstandsEverything": (
        "test_quick_entry_understands_and_refuses",
        "must raise BadInput, and was done",
    ),
    "TestLooksUpEachRow": ("test_statements_do_not_grow_with_the_rows", "never once for a row"),
    "TestLaysOutWhatChanges": (
        "test_a_cell_changed_in_a_worksheet_is_found",
        "what is to be taken is nothing: the layout must say the same of a row each time",
    ),
    "TestCountsEachRowOnItsPage": (
        "test_a_page_costs_the_same_for_few_and_many_rows",
        "statements for 10 rows and 1",
    ),
    "TestRenamesWhatItClones": (
        "test_a_clone_is_open_and_leaves_its_source_alone",
        "must not touch what there was",
    ),
    "TestIsNotFrozen": ("test_the_database_refuses_every_change", "change price_change_row"),
    "TestLetsItsRecordBeChanged": (
        "test_records_are_append_only",
        "change price_history; remove from price_history; add",
    ),
    "TestHasNoMigration": ("test_migrations_lead_from_nothing_to_the_models", "No migration creates"),
}


def test_every_broken_type_is_complained_about(tmp_path: Path) -> None:
    said = complaints(tmp_path / "report.xml")
    assert said.keys() == COMPLAINTS.keys()
    # One test for all: pytest's workers would each run the kit anew.
    assert {name: said[name] for name, (_, words) in COMPLAINTS.items() if words not in said[name]} == {}


def complaints(report: Path) -> dict[str, str]:
    """Return what the kit says about each broken type; it runs in a process of its own, because it maps tables."""
    checks = [f"broken_types.py::{name}::{check}" for name, (check, _) in COMPLAINTS.items()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", ".", "-p", "no:cacheprovider",
         f"--junitxml={report}", *checks],
        cwd=HERE, env=environment | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}"}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stdout + run.stderr
    cases = ElementTree.parse(report).getroot().iter("testcase")
    return {case.get("classname", "").rpartition(".")[2]: _complaint(case) for case in cases}


def _complaint(case: ElementTree.Element) -> str:
    failure = case.find("failure")
    return "" if failure is None else failure.get("message", "")
