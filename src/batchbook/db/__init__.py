"""The database: engine recipes, the declarative base, column types, sessions and bulk writing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from batchbook.db.base import Base, JSONValue, foreign_keys_to
from batchbook.db.column_types import USER_NAME, ExactDecimal, UTCDateTime, utc_now
from batchbook.db.engine import database_url, make_engine
from batchbook.db.folding import fold, folded, folded_key, key_form
from batchbook.db.functions import (
    changes_beyond,
    decimal_text,
    joining_by_hash,
    lock_name,
    lock_records,
    percent_change,
    spelled_like,
)
from batchbook.db.stored_values import why_not_stored
from batchbook.db.transactions import WaitingLimit, request_session, waiting_limit
from batchbook.services import services_of
from batchbook.settings import DEVELOPMENT

__all__ = [
    "USER_NAME",
    "Base",
    "ExactDecimal",
    "JSONValue",
    "UTCDateTime",
    "changes_beyond",
    "decimal_text",
    "fold",
    "folded",
    "folded_key",
    "foreign_keys_to",
    "joining_by_hash",
    "key_form",
    "lock_name",
    "lock_records",
    "percent_change",
    "spelled_like",
    "utc_now",
    "why_not_stored",
]


def includeme(config: Any) -> None:
    """Open the database and add ``request.db``, a session in the transaction of the request.

    A response with a status of 4xx or 5xx rolls the transaction back; requests that failed with a transient error are
    retried.
    """
    include_services(config)
    settings = config.registry.settings
    settings.setdefault("tm.manager_hook", "pyramid_tm.explicit_manager")
    settings.setdefault("tm.commit_veto", "pyramid_tm.default_commit_veto")
    config.include("pyramid_tm")
    config.include("pyramid_retry")
    config.add_request_method(request_session, "db", reify=True)


def include_services(config: Any) -> None:
    """Open the database, for commands as well."""
    settings = config.registry.settings
    # Developers see the parameters of a failed statement; elsewhere they must not get into the log.
    hide = not DEVELOPMENT.flag(settings)
    services_of(config.registry).add(Engine, make_engine(database_url(settings), hide_parameters=hide))
    services_of(config.registry).add(WaitingLimit, waiting_limit(settings))
