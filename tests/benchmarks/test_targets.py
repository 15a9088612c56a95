from __future__ import annotations

from typing import Any


def work(name: str, rows: int, **numbers: Any) -> dict[str, Any]:
    defaults = {
        "database": "SQLite",
        "type": "import",
        "rows": rows,
        "ratio": 1.0,
        "memory": 0,
        "seconds": 1.0,
    }
    return {"work": name, "first_byte": None, "alone_ratio": None, **defaults, **numbers}


def results(**figures: Any) -> dict[str, Any]:
    return {"databases": ["SQLite"], "works": [], "growth": [], "pages": [], "load": [], **figures}


def verdict_on(target: str, found: dict[str, Any]) -> Any:
    from benchmarks.targets import verdicts

    (verdict,) = [one for one in verdicts(found) if one.target.startswith(target)]
    return verdict


def test_the_worst_figure_at_the_sizes_of_a_target_counts() -> None:
    works = [
        work("refresh", 1_000, ratio=9.0), work("refresh", 100_000, ratio=1.4), work("populate_csv", 1_000_000, ratio=1.6),
    ]  # fmt: skip
    verdict = verdict_on("populate and refresh", results(works=works))
    assert (verdict.value, verdict.met, verdict.rows) == (1.6, False, 1_000_000)
    assert verdict.where == "Populate from CSV (import)"
    assert verdict_on("populate and refresh", results(works=works[:2])).met is True


def test_the_largest_size_counts_where_a_run_has_not_those_of_the_target() -> None:
    works = [work("execute", 1_000, ratio=9.0), work("execute", 10_000, ratio=1.9)]
    verdict = verdict_on("execute", results(works=works))
    assert (verdict.value, verdict.met, verdict.rows) == (1.9, True, 10_000)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    from benchmarks.targets import TARGETS, verdicts

    found = verdicts(results())
    assert [verdict.met for verdict in found] == [None] * (len(TARGETS) + 1)


def test_units_are_those_of_the_target() -> None:
    page = {"database": "SQLite", "page": "cell edit", "rows": 1_000_000, "p95": 0.02, "statements": 12}
    assert verdict_on("cell edit, p95", results(pages=[page])).value == 20
    assert verdict_on("cell edit, p95", results(pages=[page])).met is False
    assert verdict_on("cell edit, statements", results(pages=[page])).met is True
    large = results(works=[work("verify", 100_000, memory=160 * 2**20)])
    assert (verdict_on("memory above idle", large).value, verdict_on("memory above idle", large).met) == (
        160,
        False,
    )


def test_memory_may_not_grow_with_the_rows() -> None:
    grown = [work("verify", 100_000, memory=20 * 2**20), work("verify", 1_000_000, memory=60 * 2**20)]
    verdict = verdict_on("memory at ten times", results(works=grown))
    assert (verdict.value, verdict.met) == (40, False)
    assert verdict_on(
        "memory at ten times", results(works=[grown[0], work("verify", 1_000_000, memory=20 * 2**20)])
    ).met
