"""Publication of a run: ``python -m benchmarks.publish FILE`` keeps its figures, and writes what is made from them.

That are the tables of ``benchmarks/README.md`` and of ``docs/performance.md``, and the plots. Without a FILE they are made again
from the figures that were kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.plots import plots
from benchmarks.report import (
    growth_table,
    load_table,
    machine_lines,
    page_table,
    part_table,
    target_table,
    work_table,
)
from benchmarks.targets import Results

ROOT = Path(__file__).parents[1]
#: The figures that are kept; the guard reads its ratios from them.
PUBLISHED = ROOT / "benchmarks" / "published.json"
_README, _PAGE = ROOT / "benchmarks" / "README.md", ROOT / "docs" / "performance.md"
_PLOTS = ROOT / "docs" / "images" / "performance"


def published() -> dict[str, Any]:
    """Return the results that are published."""
    found: dict[str, Any] = json.loads(PUBLISHED.read_text())
    return found


def made_from(results: Results) -> dict[Path, str]:
    """Return what is made from ``results``: texts by file."""
    tables: dict[str, Iterable[str]] = {
        "machine": machine_lines(results),
        "targets": target_table(results["targets"]),
        "works": work_table(results["works"]),
        "growth": growth_table(results["growth"]),
        "pages": page_table(results["pages"]),
        "load": load_table(results["load"]),
        "parts": part_table(results["parts"]),
        "left-out": [f"- {sentence}" for sentence in results["left_out"]] or ["Nothing."],
    }
    filled = {name: [*lines] for name, lines in tables.items()}  # Both files have some of them.
    texts = {path: _filled(path.read_text(), filled) for path in (_README, _PAGE)}
    return texts | {_PLOTS / name: text for name, text in plots(results).items()}


def _filled(text: str, tables: Mapping[str, Iterable[str]]) -> str:
    """Return ``text`` with each table between the comments that begin and end it."""
    for name, lines in tables.items():
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->\n"
        if begin in text:
            before, _, rest = text.partition(begin)
            _, _, after = rest.partition(end)
            text = f"{before}{begin}\n{chr(10).join(lines)}\n\n{end}{after}"
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.publish", description="Publish the figures of a run."
    )
    parser.add_argument("file", nargs="?", type=Path, default=PUBLISHED, help="the JSON of a run")
    results = json.loads(parser.parse_args(arguments).file.read_text())
    PUBLISHED.write_text(json.dumps(results, indent=1) + "\n")
    _PLOTS.mkdir(parents=True, exist_ok=True)
    for path, text in made_from(results).items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
