"""Jobs within the web process: where the settings say so, a worker starts and ends with the application."""

from __future__ import annotations

import atexit
from typing import Any

from pyramid.events import ApplicationCreated

from batchbook.jobs.office import Jobs
from batchbook.jobs.settings import Mode
from batchbook.jobs.worker import Worker
from batchbook.services import Services, services_of


def start_embedded(event: ApplicationCreated) -> None:
    """Start the worker of an application that is going to be served."""
    services = services_of(event.app.registry)
    if services.get(Jobs).settings.mode is not Mode.EMBEDDED:
        return
    worker = Worker(services)
    worker.start()
    services.get(Jobs).worker = worker
    atexit.register(worker.stop)


def release_worker(services: Services) -> Worker | None:
    """Return the worker that started with an application, if one did, for the caller to stop."""
    worker: Worker | None = services.get(Jobs).worker
    if worker is not None:
        atexit.unregister(worker.stop)
    return worker


def includeme(config: Any) -> None:
    """Have the application start its own worker."""
    config.add_subscriber(start_embedded, ApplicationCreated)
