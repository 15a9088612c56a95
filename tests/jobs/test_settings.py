"""Settings of jobs: by type where there are some, and refused at the start where they make no sense."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.jobs.settings import JobSettings, Mode


@pytest.mark.parametrize(
    ("name", "value"),
    [("time_limit_seconds", "soon"), ("time_limit_seconds.price_change", "-1"), ("memory_limit_mib", "1.5")],
)
def test_limits_that_are_none_are_refused_at_the_start(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"batchbook.jobs.{name} must be a"):
        JobSettings.read({f"batchbook.jobs.{name}": value})


def test_a_mode_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match="must be one of embedded, workers, inline, not 'thread'"):
        JobSettings.read({"batchbook.jobs": "thread"})


def test_defaults() -> None:
    settings = JobSettings.read({})
    assert (settings.mode, settings.all_queues) == (Mode.EMBEDDED, ("batchbook",))
    assert settings.keep == timedelta(days=90)


def test_a_type_has_a_queue_and_a_time_limit_of_its_own() -> None:
    settings = JobSettings.read(
        {
            "batchbook.jobs.queue.price_change": " prices ",
            "batchbook.jobs.queue.other": "",
            "batchbook.jobs.time_limit_seconds": "60",
            "batchbook.jobs.time_limit_seconds.price_change": "5",
        }
    )
    assert settings.all_queues == ("batchbook", "prices")
    assert [settings.queue_of(kind) for kind in ("price_change", "other", None)] == [
        "prices",
        "batchbook",
        "batchbook",
    ]
    own, common = "batchbook.jobs.time_limit_seconds.price_change", "batchbook.jobs.time_limit_seconds"
    assert settings.time_limit_of("price_change") == (5, own)
    assert settings.time_limit_of("other") == settings.time_limit_of(None) == (60, common)
