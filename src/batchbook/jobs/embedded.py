"""Jobs within the web process: where the settings say so, a worker starts and ends with the application."""

from __future__ import annotations

import atexit
from typing import Any

from pyramid.events import ApplicationCreated

from batchbook.jobs.settings import Mode
from batchbook.jobs.worker import Worker


def start_embedded(event: ApplicationCreated) -> None:
    """Start the worker of an application that is going to be served."""
    registry = event.app.registry
    if registry["jobs"].settings.mode is not Mode.EMBEDDED:
        return
    worker = Worker(registry)
    worker.start()
    registry["jobs"].worker = worker
    atexit.register(worker.stop)


def release_worker(registry: Any) -> Worker | None:
    """Return the worker that started with an application, if one did, for the caller to stop."""
    worker: Worker | None = registry["jobs"].worker
    if worker is not None:
        atexit.unregister(worker.stop)
    return worker


def includeme(config: Any) -> None:
    """Have the application start its own worker."""
    config.add_subscriber(start_embedded, ApplicationCreated)
