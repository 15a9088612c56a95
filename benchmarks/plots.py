"""Plots of a run as SVG: small, without a script, readable on a light and on a dark page and without telling colours apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

from benchmarks.report import number
from benchmarks.targets import MEGABYTE, TARGETS, Results
from benchmarks.works import Work

_STYLE = """
  .back { fill: #ffffff } text { fill: #1f2937; font: 12px system-ui, sans-serif } .title { font-weight: 600; font-size: 14px }
  .grid { stroke: #d1d5db } .most { stroke: #b91c1c; stroke-width: 2 } .low { fill: #6b7280 }
  .a { fill: #1d4ed8; stroke: #1d4ed8 } .b { fill: #b45309; stroke: #b45309 } .line { fill: none; stroke-width: 2 }
  .bare { stroke-dasharray: 5 4 } text.a, text.b { stroke: none }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0f172a } text { fill: #e5e7eb } .grid { stroke: #334155 } .most { stroke: #f87171 } .low { fill: #9ca3af }
    .a { fill: #93c5fd; stroke: #93c5fd } .b { fill: #fcd34d; stroke: #fcd34d } .line { fill: none }
  }
"""
#: The sizes of a plot in pixels: its whole width, the space for names on the left, for a heading, and of a line with a bar.
_WIDTH, _NAMES, _HEAD, _LINE = 800, 290, 78, 20
#: The classes of the series, and the works whose lines are drawn.
_SERIES = ("a", "b")
_GROWING = (Work.POPULATE_CSV, Work.REFRESH, Work.EXECUTE, Work.EXPORT_CSV)


def plots(results: Results) -> dict[str, str]:
    """Return the plots of a run by the names of their files."""
    found = {}
    for database in results["databases"]:
        name = database.lower()
        works = [figure for figure in results["works"] if figure["database"] == database]
        pages = [figure for figure in results["pages"] if figure["database"] == database]
        if works:
            found[f"ratios-{name}.svg"] = _ratios(database, works)
            found[f"growth-{name}.svg"] = _growth(database, works)
            found[f"memory-{name}.svg"] = _memory(database, works)
        if pages:
            found[f"pages-{name}.svg"] = _pages(database, pages)
    return found


def _ratios(database: str, works: Sequence[Mapping[str, Any]]) -> str:
    """Draw the ratio of each work to its floor at its largest size, a bar for each type."""
    lines = []
    for work in Work:
        bars = []
        for series, key in zip(_SERIES, ("price_change", "import"), strict=True):
            sizes = [figure for figure in works if figure["work"] == work and figure["type"] == key]
            if sizes:
                largest = max(sizes, key=lambda figure: figure["rows"])
                bars.append((series, largest["ratio"], f"{largest['ratio']:.2f} at {largest['rows']:,}"))
        if bars:
            lines.append((work.label, bars, _most(work)))
    title = f"{database}: seconds as a multiple of the floor, at the most rows measured"
    return _bars(title, (("a", "price change"), ("b", "import")), lines, "times the floor")


def _most(work: Work) -> float | None:
    """Return the most that the ratio of ``work`` to its floor may be; ``None`` without a target."""
    about = {"work": work, "page": ""}
    ratios = (target for target in TARGETS if target.source == "works" and target.unit == "times")
    return next(
        (target.most for target in ratios if target.about(about) and "writer" not in target.name), None
    )


def _pages(database: str, pages: Sequence[Mapping[str, Any]]) -> str:
    """Draw the 95th percentile of each page, a bar for each number of rows."""
    sizes = sorted({figure["rows"] for figure in pages})[-len(_SERIES) :]
    names = list(dict.fromkeys(figure["page"] for figure in pages if not figure["page"].startswith("paste")))
    lines = []
    for name in names:
        bars = [
            (series, figure["p95"] * 1000, f"{figure['p95'] * 1000:.0f} ms")
            for series, rows in zip(_SERIES, sizes, strict=False)
            for figure in pages
            if figure["page"] == name and figure["rows"] == rows
        ]
        lines.append((name, bars, _most_milliseconds(name)))
    legend = [(series, f"{rows:,} rows") for series, rows in zip(_SERIES, sizes, strict=False)]
    return _bars(f"{database}: 95th percentile of pages", legend, lines, "milliseconds")


def _most_milliseconds(page: str) -> float | None:
    found = (target for target in TARGETS if target.source == "pages" and target.unit == "ms")
    return next((target.most for target in found if target.about({"page": page})), None)


def _bars(
    title: str,
    legend: Iterable[tuple[str, str]],
    lines: Sequence[tuple[str, Sequence[tuple[str, float, str]], float | None]],
    unit: str,
) -> str:
    """Draw bars beside names, on a scale that shows small numbers and large ones; a mark where a target is."""
    values = [
        value
        for _, bars, most in lines
        for value in (*(value for _, value, _ in bars), most or 0)
        if value > 0
    ]
    low, high = floor(log10(min(values, default=1))), max(ceil(log10(max(values, default=10))), 1)
    width = _WIDTH - _NAMES - 130

    def x(value: float) -> float:
        return _NAMES + width * (log10(max(value, 10**low)) - low) / max(high - low, 1)

    height = _HEAD + sum(_LINE * len(bars) + 8 for _, bars, _ in lines) + 30
    parts = [_text(_NAMES, height - 10, f"{unit}; a red mark is the target", "low")]
    for power in range(low, high + 1):
        parts += [_rule("grid", x(10**power), _HEAD - 8, x(10**power), height - 26)]
        parts += [_text(x(10**power), _HEAD - 12, number(10.0**power), "low", "middle")]
    y = float(_HEAD)
    for name, bars, most in lines:
        top = y
        parts.append(_text(_NAMES - 8, y + _LINE * len(bars) / 2 + 4, name, anchor="end"))
        for series, value, words in bars:
            parts.append(
                f'<rect class="{series}" x="{x(10**low):.1f}" y="{y + 3:.1f}" width="{max(x(value) - x(10**low), 1):.1f}"'
                f' height="{_LINE - 6}"/>'
            )
            parts.append(_text(max(x(value), x(most or 0)) + 6, y + 14, words))
            y += _LINE
        if most:
            parts.append(_rule("most", x(most), top, x(most), y))
        y += 8
    return _svg(title, legend, parts, height)


def _growth(database: str, works: Sequence[Mapping[str, Any]]) -> str:
    """Draw the seconds of some works of price changes over the rows, and those of their floors, both on logarithmic scales."""
    return _curves(
        f"{database}: seconds over rows of a price change (floor: dashed)",
        works,
        ("seconds", "floor"),
        "s",
        1,
    )


def _memory(database: str, works: Sequence[Mapping[str, Any]]) -> str:
    """Draw the memory of some works of price changes over the rows."""
    return _curves(
        f"{database}: memory above idle over rows of a price change", works, ("memory",), "MB", MEGABYTE
    )


def _curves(
    title: str, works: Sequence[Mapping[str, Any]], names: Sequence[str], unit: str, scale: float
) -> str:
    """Draw two rows of two panels, a work in each."""
    width, height = _WIDTH / 2, 200.0
    parts: list[str] = []
    for place, work in enumerate(_GROWING):
        points = sorted(
            (figure for figure in works if figure["work"] == work and figure["type"] == "price_change"),
            key=lambda figure: figure["rows"],
        )
        if points:
            left, top = place % 2 * width, _HEAD + place // 2 * height
            parts += _panel(left, top, width, height, work.label, points, names, unit, scale)
    return _svg(title, (), parts, _HEAD + 2 * height + 10)


def _panel(
    left: float,
    top: float,
    width: float,
    height: float,
    label: str,
    points: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    unit: str,
    scale: float,
) -> Iterator[str]:
    values = [max(point[name] / scale, 0.001) for point in points for name in names]
    low, high = floor(log10(min(values))), ceil(log10(max(values)) + 0.001)
    first, last = log10(points[0]["rows"]), log10(points[-1]["rows"])
    x0, x1, y0, y1 = left + 70, left + width - 30, top + height - 30, top + 20

    def place(rows: float, value: float) -> tuple[float, float]:
        across = (log10(rows) - first) / max(last - first, 0.001)
        return x0 + (x1 - x0) * across, y0 + (y1 - y0) * (log10(max(value, 0.001)) - low) / max(high - low, 1)

    yield _text(x0, top + 12, label)
    for power in range(low, high + 1):
        _, y = place(points[0]["rows"], 10.0**power)
        yield _rule("grid", x0, y, x1, y)
        yield _text(x0 - 6, y + 4, f"{number(10.0**power)} {unit}", "low", "end")
    for point in points:
        x, _ = place(point["rows"], 1)
        yield _text(x, y0 + 16, f"{point['rows']:,}", "low", "middle")
    for series, name in zip(("a", "b bare"), names, strict=False):
        path = " ".join(
            f"{'ML'[place_ > 0]}{x:.1f} {y:.1f}"
            for place_, (x, y) in enumerate(place(point["rows"], point[name] / scale) for point in points)
        )
        yield f'<path class="{series} line" d="{path}"/>'
        for point in points:
            x, y = place(point["rows"], point[name] / scale)
            yield f'<circle class="{series.split()[0]}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'


def _svg(title: str, legend: Iterable[tuple[str, str]], parts: Iterable[str], height: float) -> str:
    head = [_text(12, 20, title, "title")]
    left = float(_NAMES)
    for series, words in legend:
        head.append(f'<rect class="{series}" x="{left:.0f}" y="30" width="12" height="8"/>')
        head.append(_text(left + 16, 38, words))
        left += 120
    lines = "\n".join(["", *head, *parts, ""])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" role="img"'
        f' aria-label="{escape(title)}">\n<style>{_STYLE}</style>\n'
        f'<rect class="back" width="100%" height="100%"/>{lines}</svg>\n'
    )


def _text(x: float, y: float, words: str, name: str = "", anchor: str = "") -> str:
    style = f' class="{name}"' if name else ""
    side = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}"{side}>{escape(words)}</text>'


def _rule(name: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
