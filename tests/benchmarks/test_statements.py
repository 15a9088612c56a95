"""The statements in which a work spends its time are told by a command."""

from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_statements_of_a_work_are_told_with_their_shares(
    capsys: pytest.CaptureFixture[str], database: str
) -> None:
    from benchmarks.statements import main

    assert main([database, "price_change", "60", "refresh", "clone"]) == 0
    told = capsys.readouterr().out
    assert re.findall(r"^## (\w+), 60 rows", told, re.MULTILINE) == ["Refresh", "Clone"]
    assert "| UPDATE price_change_row SET product=" in told
    for part in told.split("## ")[1:]:
        shares = [float(share) for share in re.findall(r"^\| (-?[\d.]+)% +\|", part, re.MULTILINE)]
        # No more than all of it, and all of it where no statement is left out.
        assert 2 < len(shares) <= 13
        assert 0 < sum(shares) < 100.7
