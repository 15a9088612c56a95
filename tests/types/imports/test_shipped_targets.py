"""The targets that ship besides products."""

from __future__ import annotations

import pytest

from .conftest import ImportHarness


@pytest.mark.parametrize(
    ("target", "table", "expected"),
    [
        ("vendor", "vendor code;vendor name\nV1;New name\nV8;Eight\n", ["update", "create"]),
        ("department", "dept\nGROCERY\nBAKERY\n", ["unchanged", "create"]),
        ("on_hand", "sku;qty\n000000001;12\n000000077;1\n", ["update", "skipped"]),
    ],
)
def test_the_other_targets_that_ship(
    harness: ImportHarness, target: str, table: str, expected: list[str]
) -> None:
    number = harness.create(table, target=target)
    assert harness.statuses(number) == expected
    harness.execute(number)
    assert harness.statuses(harness.create(table, target=target)) == [
        "skipped" if status == "skipped" else "unchanged" for status in expected
    ]
