from __future__ import annotations

from typing import Any


def test_races_measure_each_work_beside_its_floor_in_processes_of_their_own(inputs: Any) -> None:
    from benchmarks.budget import Budget
    from benchmarks.databases import DATABASES
    from benchmarks.works import works_of
    from benchmarks.works.races import Races, exponents

    told: list[str] = []
    server = DATABASES["sqlite"]()
    try:
        races = Races(server, lambda rows: inputs, Budget(120), {1_000: 1}, told.append)
        found = races.run(["import"], [inputs.rows])
    finally:
        server.close()
    assert [one.work for one in found] == [work.value for work in works_of("import", inputs.rows)]
    for one in found:
        assert one.seconds > 0
        assert one.floor > 0
        assert one.ratio == one.seconds / one.floor
        assert 5 < one.statements < 200
        assert one.memory < 150 * 2**20
    exports = [one for one in found if one.work.startswith("export")]
    assert all(one.alone_ratio and one.first_byte and one.first_byte < one.seconds for one in exports)
    assert [one.alone_ratio for one in found if not one.work.startswith("export")] == [None] * (
        len(found) - 2
    )
    assert told[0].startswith("SQLite, import, 300 rows: 1 rounds of")
    assert exponents(found) == []


def test_works_that_no_sheet_holds_are_left_out() -> None:
    from benchmarks.works import Work, works_of

    assert Work.EXPORT_XLSX in works_of("price_change", 100_000)
    assert Work.EXPORT_XLSX not in works_of("price_change", 1_000_000)
    assert Work.POPULATE_XLSX in works_of("import", 1_000)
    assert {Work.POPULATE_QUERY, Work.POPULATE_XLSX} & {*works_of("import", 1_000_000)} == set()


def test_a_race_that_takes_too_long_is_left_out_with_its_name(inputs: Any) -> None:
    from benchmarks.budget import Budget
    from benchmarks.databases import DATABASES
    from benchmarks.works.races import Races

    budget = Budget(0)
    server = DATABASES["sqlite"]()
    try:
        races = Races(server, lambda rows: inputs, budget, {1_000: 1}, lambda _: None)
        assert races.run(["price_change"], [inputs.rows]) == []
    finally:
        server.close()
    assert budget.left_out == ["SQLite, price_change, 300 rows, for which about 1 s were needed"]


def test_growth_is_fitted_over_the_sizes_but_the_smallest() -> None:
    from benchmarks.works.races import WorkFigures, exponents

    def figures(rows: int, seconds: float) -> WorkFigures:
        return WorkFigures("SQLite", "import", "refresh", rows, 1, seconds, rows / 1e5, 1.0, 0, 10)

    # The time at 1,000 rows is that of the statements alone.
    linear = [figures(1_000, 0.5), figures(10_000, 0.6), figures(100_000, 6.0), figures(1_000_000, 60.0)]
    (growth,) = exponents(linear)
    assert growth.sizes == [10_000, 100_000, 1_000_000]
    assert abs(growth.exponent - 1) < 0.001
    assert abs(growth.floor_exponent - 1) < 0.001
    (worse,) = exponents([figures(1_000, 1.0), figures(10_000, 100.0)])
    assert abs(worse.exponent - 2) < 0.001
