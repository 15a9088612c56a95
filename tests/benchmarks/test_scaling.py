from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("key", ["price_change", "import"])
def test_rows_are_paid_when_populated_and_their_history_when_executed(
    server: Any, inputs: Any, key: str
) -> None:
    from benchmarks.scaling import stages

    populated, executed = stages(server, key, inputs)
    assert min(populated.rows, populated.row_indexes, populated.application_seconds) > 0
    assert 50 < executed.history < 2_000
    assert executed.rows <= populated.rows
    if server.name == "PostgreSQL":
        assert min(populated.wal, executed.wal) > 100


def test_an_import_makes_tables_and_a_price_change_does_not(server: Any, inputs: Any) -> None:
    from benchmarks.scaling import batch_cost

    one, other = (batch_cost(server, key, inputs, 4) for key in ("price_change", "import"))
    assert (one.relations, other.relations >= 1) == (0, True)
    assert other.bytes > one.bytes > 0
