"""The targets, and whether the figures of a run meet them.

A target names the sizes for which it holds. Where a run has none of these, as a quick one, its largest size is looked at, and
the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.works import Work

#: The results of a run, as in its JSON.
Results = Mapping[str, Any]

MEGABYTE = 2**20
#: The sizes of the targets.
LARGE, LARGEST = 100_000, 1_000_000


@dataclass(frozen=True)
class Verdict:
    """Whether a target is met on one database: the worst ``value`` in ``unit``, where that is, and the ``most`` it may be.

    ``met`` is ``None`` if the run did not measure it. ``rows`` is the size at which it was measured.
    """

    target: str
    database: str
    most: float
    unit: str
    value: float | None
    where: str
    rows: int
    met: bool | None

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Target:
    """A target: the figures of one kind (``source``) that it is about, the number in each that counts, and the most it may be.

    ``smallest`` is the size from which on it holds; 0 for all. ``scale`` makes the number one in ``unit``.
    """

    name: str
    source: str
    most: float
    unit: str
    value: Callable[[Mapping[str, Any]], float | None]
    about: Callable[[Mapping[str, Any]], bool]
    smallest: int = 0


def _works(*works: Work) -> Callable[[Mapping[str, Any]], bool]:
    return lambda figure: figure["work"] in works


def _pages(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda figure: figure["page"] in names


def _number(name: str, scale: float = 1) -> Callable[[Mapping[str, Any]], float | None]:
    return lambda figure: None if figure.get(name) is None else figure[name] / scale


_MS = 0.001
_EXPORTS = (Work.EXPORT_CSV, Work.EXPORT_XLSX)

TARGETS = (
    Target(
        "populate and refresh, to the floor", "works", 1.5, "times", _number("ratio"),
        _works(Work.POPULATE_CSV, Work.POPULATE_QUERY, Work.REFRESH), LARGE,
    ),
    Target(
        "execute with triggers, history and seal, to the floor", "works", 2, "times", _number("ratio"),
        _works(Work.EXECUTE), LARGE,
    ),
    Target(
        "clone, delete, bulk remove, to the floor", "works", 1.3, "times", _number("ratio"),
        _works(Work.CLONE, Work.DELETE, Work.BULK_REMOVE), LARGE,
    ),
    Target(
        "import of XLSX, to calamine and the floor", "works", 1.5, "times", _number("ratio"),
        _works(Work.POPULATE_XLSX), LARGE,
    ),
    Target("memory above idle", "works", 150, "MB", _number("memory", MEGABYTE), lambda _: True, LARGE),
    Target("growth over the rows", "growth", 1.05, "exponent", _number("exponent"), lambda _: True),
    Target(
        "index, detail page and windows at any depth, p95", "pages", 50, "ms", _number("p95", _MS),
        _pages("index", "detail", "window, top", "window, middle", "window, end",
               "filter, sort without an index: further windows"), LARGEST,
    ),
    Target(
        "first window under filter and sort, with an index, p95", "pages", 150, "ms", _number("p95", _MS),
        _pages("filter: first window", "filter on problems: first window", "sort: first window",
               "filter, sort: first window"), LARGEST,
    ),
    Target(
        "first window under filter and sort, without an index, p95", "pages", 500, "ms", _number("p95", _MS),
        _pages("sort without an index: first window", "filter, sort without an index: first window"), LARGEST,
    ),
    Target("problems page, p95", "pages", 500, "ms", _number("p95", _MS), _pages("problems page"), LARGEST),
    Target("cell edit, p95", "pages", 15, "ms", _number("p95", _MS), _pages("cell edit"), LARGEST),
    Target("cell edit, statements", "pages", 12, "statements", _number("statements"), _pages("cell edit"), LARGEST),
    Target(
        "export, to the writer alone", "works", 1.3, "times", _number("alone_ratio"), _works(*_EXPORTS), LARGE,
    ),
    Target(
        "export, first byte", "works", 300, "ms", _number("first_byte", _MS), _works(*_EXPORTS), LARGE,
    ),
    Target("200 staff, p95", "load", 100, "ms", _number("p95", _MS), lambda figure: figure["kind"] == "staff"),
    Target("200 staff, errors", "load", 0, "errors", _number("errors"), lambda figure: figure["kind"] == "staff"),
    Target(
        "200 staff, growth of memory", "load", 20, "MB", _number("memory_growth", MEGABYTE),
        lambda figure: figure["kind"] == "staff",
    ),
    Target(
        "longest wait of a writer during an execution", "load", 15, "s", _number("longest"),
        lambda figure: figure["kind"] == "execution", LARGEST,
    ),
    Target(
        "errors of writers during an execution", "load", 0, "errors", _number("errors"),
        lambda figure: figure["kind"] == "execution", LARGEST,
    ),
)  # fmt: skip


def verdicts(results: Results) -> list[Verdict]:
    """Return the verdict on each target for each database of a run."""
    return [
        _verdict(target, database, results)
        for target in (*TARGETS, _SAME_MEMORY)
        for database in results["databases"]
    ]


def _verdict(target: Target, database: str, results: Results) -> Verdict:
    about = [
        figure
        for figure in _figures(target.source, results)
        if figure["database"] == database and target.about(figure) and target.value(figure) is not None
    ]
    about = [*_at_size(about, target.smallest)]
    if not about:
        return Verdict(target.name, database, target.most, target.unit, None, "", 0, None)
    worst = max(about, key=lambda figure: target.value(figure) or 0)
    value = target.value(worst)
    assert value is not None
    return Verdict(
        target.name,
        database,
        target.most,
        target.unit,
        value,
        _place(worst),
        worst.get("rows", 0),
        value <= target.most,
    )


def _figures(source: str, results: Results) -> Iterable[Mapping[str, Any]]:
    return _memory_growth(results["works"]) if source == "memory" else results.get(source, ())


def _at_size(figures: Sequence[Mapping[str, Any]], smallest: int) -> Iterable[Mapping[str, Any]]:
    """Return those of the size that a target is about, or else those of the largest size."""
    largest = max((figure.get("rows", 0) for figure in figures), default=0)
    return [figure for figure in figures if figure.get("rows", 0) >= min(smallest, largest)]


def _place(figure: Mapping[str, Any]) -> str:
    if "page" in figure:
        return str(figure["page"])
    if "work" in figure:
        return f"{Work(figure['work']).label} ({figure['type']})"
    return str(figure.get("name", ""))


def _memory_growth(works: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Return by how many bytes the memory of each work at its largest size exceeds that at the size before."""
    series: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for figure in works:
        series.setdefault((figure["database"], figure["type"], figure["work"]), []).append(figure)
    for sizes in series.values():
        if len(sizes) > 1:
            *_, before, last = sorted(sizes, key=lambda figure: figure["rows"])
            # Chunks are full from some thousands of rows on; what grows before that tells nothing.
            if before["rows"] < LARGE:
                continue
            yield {**last, "growth": last["memory"] - before["memory"]}


_SAME_MEMORY = Target(
    "memory at ten times the rows, more than before",
    "memory",
    15,
    "MB",
    _number("growth", MEGABYTE),
    lambda _: True,
)
