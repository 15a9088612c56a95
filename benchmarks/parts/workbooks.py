"""What it costs to look how far a workbook reaches, before room is made for its cells, beside reading it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

import xlsxwriter

from batchbook.tables import read_table
from batchbook.tables.formats.sheet_extent import ExtentEstimate
from benchmarks.parts.figures import PartFigure, PartRequest

_SHEET = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True)
class Looking:
    """The medians of looking and of reading, in seconds of the processor."""

    looking: float
    reading: float

    @property
    def share(self) -> float:
        """Which part of reading looking is."""
        return self.looking / self.reading


def measure(request: PartRequest) -> Iterator[PartFigure]:
    """Yield the share of reading a workbook that looking how far it reaches is."""
    found = looking(request.inputs.price_list, 1 if request.is_quick else 5)
    yield PartFigure("workbooks", f"looking how far {request.inputs.rows:,} rows reach", found.looking, "s")
    yield PartFigure("workbooks", "looking, to reading", found.share, "times")


def looking(price_list: Path, rounds: int) -> Looking:
    """Make a workbook of ``price_list``, then look at it and read it, in turn, ``rounds`` times."""
    data, header = _workbook(price_list)
    with zipfile.ZipFile(data) as archive:
        xml = archive.read(_SHEET)
    times = [
        (
            _seconds(lambda: ExtentEstimate().feed(xml)),
            _seconds(lambda: sum(1 for _ in read_table("list.xlsx", data, header).records)),
        )
        for _ in range(rounds)
    ]
    return Looking(*map(median, zip(*times, strict=True)))


def _workbook(price_list: Path) -> tuple[io.BytesIO, list[str]]:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    sheet = book.add_worksheet()
    with price_list.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        header = next(lines)
        sheet.write_row(0, 0, header)
        for number, (*texts, price) in enumerate(lines, 1):
            sheet.write_row(number, 0, [*texts, float(price)])
    book.close()
    return target, header


def _seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start
