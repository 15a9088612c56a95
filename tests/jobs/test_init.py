"""The directive by which features register the tasks that jobs can do."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError

from batchbook.jobs import JobContext, JobResult, JobService, Task, include_services
from batchbook.services import services_of


def _run(_context: JobContext) -> JobResult:
    return JobResult("Polished.")


def _task(label: str = "Polish") -> Task:
    return Task(name="polish", label=label, done="polished", run=_run)


def _configured(**settings: str) -> Any:
    config: Any = Configurator(settings={f"batchbook.{name}": text for name, text in settings.items()})
    config.include("batchbook.services")
    config.include(include_services)
    return config


def _polisher(config: Any) -> None:
    config.add_job_task(_task())


def _other_polisher(config: Any) -> None:
    config.add_job_task(_task("Shine"))


def test_a_registered_task_is_known_to_the_service_of_its_application() -> None:
    config, other = _configured(), _configured()
    task = _task()
    config.add_job_task(task)
    config.commit()
    other.commit()
    assert services_of(config.registry).get(JobService).tasks["polish"] is task
    assert services_of(other.registry).get(JobService).tasks["polish"].done != "polished"


def test_two_tasks_of_one_name_conflict() -> None:
    config = _configured()
    config.include(_polisher)
    config.include(_other_polisher)
    with pytest.raises(ConfigurationConflictError, match="job task"):
        config.commit()


def test_settings_that_make_no_sense_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match="must be one of embedded, workers, inline"):
        _configured(jobs="thread")
