from __future__ import annotations

from typing import Any

import pytest

from batchbook.progress import CheckedProgress, NoProgress


class Watch:
    """Notes what is reported."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int | None]] = []

    def report(self, phase: str, done: int, total: int | None) -> None:
        self.seen.append((phase, done, total))


@pytest.mark.parametrize(
    ("report", "seen"),
    [
        (("Reading", 5, 10), ("Reading", 5, 10)),
        (("Reading", 5, None), ("Reading", 5, None)),
        (("Reading", 2.9, 10.1), ("Reading", 2, 10)),
        (("Reading", -1, -1), ("Reading", 0, None)),
        (("Reading", float("nan"), float("inf")), ("Reading", 0, None)),
        (("Reading", 2**31 - 1, 2**31), ("Reading", 2**31 - 1, None)),
        (("Reading", "5", "10"), ("Reading", 0, None)),
        ((None, 5, 10), ("", 5, 10)),
        (("Rea\nd\x00ing", 5, 10), ("Reading", 5, 10)),
        (("x" * 100, 5, 10), ("x" * 80, 5, 10)),
    ],
)
def test_only_what_can_be_shown_is_passed_on(report: Any, seen: Any) -> None:
    watch = Watch()
    CheckedProgress(watch).report(*report)
    assert watch.seen == [seen]


def test_what_stops_the_work_gets_through() -> None:
    class Stop(Watch):
        def report(self, phase: str, done: int, total: int | None) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CheckedProgress(Stop()).report("Reading", 1, None)
    NoProgress().report("Reading", 1, None)
