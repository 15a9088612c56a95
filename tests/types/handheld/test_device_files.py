"""Columns of devices' files that have no headings, and the times in them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from batchbook.batches.intake.field_mapping import fields_of
from batchbook.batches.intake.file_source import inspect
from batchbook.types.handheld.device_files import moments, recognise
from batchbook.types.handheld.handler import HandheldHandler
from batchbook.types.handheld.models import HandheldRow

SOURCE = HandheldHandler.file_source
assert SOURCE is not None
FIELDS = fields_of(HandheldRow, SOURCE.columns)


def places(text: str) -> dict[str, int]:
    """Return the columns that are recognised in a file."""
    report = inspect("scans.txt", io.BytesIO(text.encode()), FIELDS).report
    assert report.reading.header_row == 0
    return dict(recognise(report.columns))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("036000291452\n4006381333931\n000000011\n", {"code": 0}),
        ("036000291452;3\n4006381333931;12\n", {"code": 0, "quantity": 1}),
        ("3,036000291452\n12,4006381333931\n-1,000000011\n", {"code": 1, "quantity": 0}),
        ("4011;3\n4225;12\n", {"code": 0, "quantity": 1}),
        ("036000291452;3;A-01\n4006381333931;12;A-02\n", {"code": 0, "quantity": 1, "location": 2}),
        (
            "2026-11-30 08:15:00,036000291452,3\n2026-11-30 08:15:09,4006381333931,12\n",
            {"scanned": 0, "code": 1, "quantity": 2},
        ),
        (
            "036000291452|3|30.11.2026|08:15:00|A1\n4006381333931|2|30.11.2026|13:15:00|A2\n",
            {"code": 0, "quantity": 1, "scanned": 2, "clock": 3, "location": 4},
        ),
        (
            "20261130;081500;036000291452;3\n20261130;081509;4006381333931;2\n",
            {"scanned": 0, "clock": 1, "code": 2, "quantity": 3},
        ),
        ("20261130081500;036000291452\n20261130081509;4006381333931\n", {"scanned": 0, "code": 1}),
        ("]E0036000291452;3\n]E04006381333931;2\n", {"code": 0, "quantity": 1}),
        # Which of the two is the code, or the quantity, nobody can tell.
        ("036000291452;036000291452\n000000011;036000291452\n", {}),
        ("036000291452;4006381333931\n96385074;036000291452\n", {}),
        ("036000291452;3;4\n4006381333931;12;9\n", {"code": 0}),
    ],
)  # fmt: skip
def test_columns_are_recognised_by_what_they_contain(text: str, found: dict[str, int]) -> None:
    assert places(text) == found


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("scanned", "clock", "order", "moment"),
    [
        ("2026-11-30 08:15:00", None, None, (7, 15, 0)),
        ("30.11.2026 08:15:09", None, "dmy", (7, 15, 9)),
        ("11/30/2026 8:15:00 AM", None, "mdy", (7, 15, 0)),
        ("30.11.2026", "08:15", "dmy", (7, 15, 0)),
        ("20261130", "081509", None, (7, 15, 9)),
        ("20261130081509", None, None, (7, 15, 9)),
        ("20261130T0815", None, None, (7, 15, 0)),
        ("2026-11-30T08:15:00Z", None, None, (8, 15, 0)),
        ("2026-11-30 08:15:00+05:00", None, None, (3, 15, 0)),
    ],
)
def test_times_are_those_of_the_site(
    scanned: str, clock: str | None, order: str | None, moment: tuple[int, int, int]
) -> None:
    assert [*moments([scanned], [clock], order, BERLIN)] == [datetime(2026, 11, 30, *moment, tzinfo=UTC)]


def test_a_day_alone_is_its_first_moment() -> None:
    assert [*moments(["30.11.2026"], [None], "dmy", BERLIN)] == [datetime(2026, 11, 29, 23, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("scanned", "order"), [("31.06.2026 08:15", "dmy"), ("05/06/2026 08:15", None), ("morning", None), (None, "dmy"), ("", None)]
)  # fmt: skip
def test_texts_that_mean_no_time_have_none(scanned: str | None, order: str | None) -> None:
    assert [*moments([scanned], [None], order, BERLIN)] == [None]
