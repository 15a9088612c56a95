from __future__ import annotations

from pathlib import Path
from typing import Any


def test_all_pages_of_a_batch_are_measured(server: Any, tmp_path: Path) -> None:
    import benchmarks.pages
    from benchmarks.budget import Budget
    from benchmarks.pages import page_figures

    benchmarks.pages._LONGEST, longest = 0.05, benchmarks.pages._LONGEST
    try:
        found = [*page_figures(server, tmp_path, [60, 260], Budget(100))]
    finally:
        benchmarks.pages._LONGEST = longest
    few, many = ([one for one in found if one.rows == rows] for rows in (60, 260))
    names = [one.page for one in few]
    assert [one.page.replace("260", "60") for one in many] == names
    assert {"index", "detail", "window, end", "problems page", "cell edit", "paste of 60 cells"} <= {*names}
    for less, more in zip(few, many, strict=True):
        assert 0 < less.p50 <= less.p95
        assert less.bytes > 100
        # A page makes as many statements for more rows, but for those of an index with one more batch.
        assert abs(more.statements - less.statements) <= 3, less.page
    for one in found:
        assert one.times >= 3


def test_pages_that_take_too_long_are_left_out(server: Any, tmp_path: Path) -> None:
    from benchmarks.budget import Budget
    from benchmarks.pages import page_figures

    budget = Budget(0)
    assert [*page_figures(server, tmp_path, [60], budget)] == []
    assert budget.left_out == [f"{server.name}, pages of 60 rows, for which about 1 s were needed"]
