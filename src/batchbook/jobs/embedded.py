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


def includeme(config: Any) -> None:
    """Have the application start its own worker."""
    config.add_subscriber(start_embedded, ApplicationCreated)
