"""The figures of a run as text: tables of Markdown, which are read in a terminal as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.targets import MEGABYTE, Results
from benchmarks.works import Work

_SIGNS = {True: "met", False: "**not met**", None: "not measured"}


def table(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; all columns but the first two are numbers."""
    rows = [list(heading), *map(list, lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heading))]
    for number, row in enumerate(rows):
        cells = (
            text.ljust(width) if place < _TEXTS else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            rules = (
                "-" * width if place < _TEXTS else f"{'-' * (width - 1)}:"
                for place, width in enumerate(widths)
            )
            yield f"| {' | '.join(rules)} |"


_TEXTS = 2


def machine_lines(results: Results) -> Iterator[str]:
    """Yield the sentence on the day, the machine and the versions of a run."""
    machine = results["machine"]
    yield (
        f"Measured on {results['date']}: {machine['processors']} processors, {machine['memory_gb']} GB of memory,"
        f" Python {machine['python']}, SQLite {machine['sqlite']}, PostgreSQL {machine.get('postgresql') or 'not measured'},"
        f" SQLAlchemy {machine['sqlalchemy']}, psycopg {machine['psycopg']}; in {results['minutes']:.0f} minutes."
    )


def report(results: Results) -> Iterator[str]:
    """Yield the lines of all tables of a run."""
    yield from machine_lines(results)
    for title, lines in (
        ("Targets", target_table(results["targets"])),
        ("Works", work_table(results["works"])),
        ("Growth", growth_table(results["growth"])),
        ("Pages", page_table(results["pages"])),
        ("Load", load_table(results["load"])),
        ("Parts", part_table(results["parts"])),
    ):
        rows = [*lines]
        if len(rows) > _TEXTS:
            yield from ("", f"## {title}", "", *rows)
    if results["left_out"]:
        yield from (
            "",
            "Left out to keep the time:",
            "",
            *(f"- {sentence}" for sentence in results["left_out"]),
        )


def target_table(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of targets, the databases beneath each other."""
    yield from table(
        ("target", "database", "at most", "worst", "rows", "", "where"),
        (
            (
                verdict["target"],
                verdict["database"],
                f"{number(verdict['most'])} {verdict['unit']}",
                "" if verdict["value"] is None else f"{number(verdict['value'])} {verdict['unit']}",
                f"{verdict['rows']:,}" if verdict["rows"] else "",
                _SIGNS[verdict["met"]],
                verdict["where"],
            )
            for verdict in verdicts
        ),
    )


def work_table(works: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of works beside their floors."""
    yield from table(
        (
            "work",
            "type",
            "database",
            "rows",
            "seconds",
            "floor",
            "ratio",
            "rows/s",
            "memory",
            "statements",
            "first byte",
            "rounds",
        ),
        (
            (
                Work(figure["work"]).label,
                figure["type"],
                figure["database"],
                f"{figure['rows']:,}",
                f"{figure['seconds']:.3f}",
                f"{figure['floor']:.3f}",
                f"{figure['ratio']:.2f}",
                f"{figure['rows_per_second']:,}",
                f"{figure['memory'] / MEGABYTE:.1f} MB",
                str(figure["statements"]),
                "" if figure["first_byte"] is None else f"{figure['first_byte']:.3f} s",
                str(figure["rounds"]),
            )
            for figure in sorted(
                works, key=lambda figure: (figure["database"], figure["type"], figure["rows"])
            )
        ),
    )


def growth_table(growth: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of exponents."""
    yield from table(
        ("work", "type", "database", "over", "exponent", "of the floor"),
        (
            (
                Work(figure["work"]).label,
                figure["type"],
                figure["database"],
                " to ".join(f"{rows:,}" for rows in (figure["sizes"][0], figure["sizes"][-1])),
                f"{figure['exponent']:.2f}",
                f"{figure['floor_exponent']:.2f}",
            )
            for figure in growth
        ),
    )


def page_table(pages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of pages."""
    yield from table(
        ("page", "database", "rows", "p50", "p95", "processor", "bytes", "statements"),
        (
            (
                figure["page"],
                figure["database"],
                f"{figure['rows']:,}",
                *(f"{figure[name] * 1000:.1f} ms" for name in ("p50", "p95", "processor")),
                f"{figure['bytes']:,}",
                str(figure["statements"]),
            )
            for figure in pages
        ),
    )


def load_table(load: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of loads."""
    yield from table(
        (
            "load",
            "database",
            "requests",
            "per second",
            "p50",
            "p95",
            "longest",
            "errors",
            "memory at start",
            "at end",
        ),
        (
            (
                figure["name"],
                figure["database"],
                f"{figure['requests']:,}",
                f"{figure['per_second']:.0f}",
                *(f"{figure[name] * 1000:.0f} ms" for name in ("p50", "p95", "longest")),
                str(figure["errors"]),
                *(f"{figure[name] / MEGABYTE:.0f} MB" for name in ("memory_start", "memory_end")),
            )
            for figure in load
        ),
    )


def part_table(parts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of parts."""
    yield from table(
        ("part", "figure", "database", "value", "at most", ""),
        (
            (
                figure["part"],
                figure["name"],
                figure["database"],
                f"{number(figure['value'])} {figure['unit']}",
                "" if figure["most"] is None else number(figure["most"]),
                "" if figure["most"] is None else _SIGNS[figure["value"] <= figure["most"]],
            )
            for figure in parts
        ),
    )


def number(value: float) -> str:
    """Return a number with the digits that tell."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
