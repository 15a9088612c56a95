"""Batchbook: stage bulk changes of data as batches, review them, and execute them exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator


def main(_global_config: Mapping[str, str] | None = None, **settings: Any) -> Any:
    """Return the WSGI application. The settings are those of the INI file's ``[app:main]``."""
    return configure(settings).make_wsgi_app()


def configure(settings: Mapping[str, Any]) -> Any:
    """Return the configuration of the whole application, committed, for the web and the command line alike."""
    config = Configurator(settings=dict(settings))
    config.include("batchbook.services")
    config.include("batchbook.db")
    config.include("batchbook.security")
    config.include("batchbook.web")
    config.include("batchbook.master")
    config.include("batchbook.jobs")
    config.include("batchbook.batches")
    config.include("batchbook.catalog")
    config.include("batchbook.accounts")
    config.include("batchbook.types.imports")
    config.include("batchbook.types.price_change")
    config.include("batchbook.plugins")
    config.include("batchbook.demo")
    config.include("batchbook.health")
    config.include("batchbook.jobs.worker")  # Last, because jobs begin only where nothing refuses to start.
    config.commit()
    return config
