"""Batchbook: stage bulk changes of data as batches, review them, and execute them exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator

from batchbook.db.engine import database_url, make_engine
from batchbook.db.session import request_session

#: Each request has a transaction of its own; an answer that says "no" (4xx, 5xx) keeps nothing.
_TRANSACTIONS = {
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    "tm.commit_veto": "pyramid_tm.default_commit_veto",
}


def main(_global_config: Mapping[str, str] | None = None, **settings: Any) -> Any:
    """Return the WSGI application. The settings are those of the INI file's ``[app:main]``."""
    return configure(settings).make_wsgi_app()


def configure(settings: Mapping[str, Any]) -> Any:
    """Return the configuration of the whole application, committed, for the web and the command line alike."""
    config = Configurator(settings={**_TRANSACTIONS, **settings})
    config.registry["engine"] = make_engine(database_url(settings))
    config.add_request_method(request_session, "db", reify=True)
    config.include("pyramid_tm")
    config.include("pyramid_retry")
    config.include("pyramid_jinja2")
    config.include("batchbook.security")
    config.include("batchbook.web")
    config.include("batchbook.master")
    config.include("batchbook.batches")
    config.include("batchbook.catalog")
    config.include("batchbook.accounts")
    config.include("batchbook.types.price_change")
    config.include(_plugins)
    config.commit()
    return config


def _plugins(config: Any) -> None:
    """Include the packages that the setting ``batchbook.include`` lists: batch types from elsewhere."""
    for name in config.registry.settings.get("batchbook.include", "").split():
        config.include(name)
