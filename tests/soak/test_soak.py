"""The soak in its short form; ``make soak`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_doubled_or_half_done_when_processes_are_killed(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is run from the project's folder, and is no part of the installed package.
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.databases import DATABASES
    from soak.run import soak

    server = DATABASES[database]()
    try:
        outcome = soak(server, batches=2, rows=3_000, seconds=120)
    finally:
        server.close()
    assert outcome.complaints == []
    assert outcome.killed >= 1
    assert outcome.jobs >= 6
