"""Limits for connections to PostgreSQL over a network that fails: how long each end waits for the other one.

By default, an end that waits for the other one learns after two hours that the network between them is cut, and after a
quarter of an hour if it was sending. The transaction of a process that was cut off would keep its locks for as long, and a
process whose network is back would wait on connections that the server has given up. Both ends therefore look every few
seconds whether the other one is there. What the URL, the server's configuration or that of the role or database says about
any of this is left alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, event

#: The time for which anybody waits for a connection, in seconds.
CONNECT_SECONDS = 5
#: The time after which a connection over which nothing arrives is broken, the silence after which it is tested, and the
#: interval between two tests, in seconds. On Linux the first one decides, elsewhere the number of tests.
_BROKEN_SECONDS, _SILENCE_SECONDS, _TEST_SECONDS, _TESTS = 30, 10, 5, 4
#: The time for which a process may leave a transaction open without a statement, in seconds. A process can pause while the
#: system under it answers for it. It is longer than slow browsers take to receive what was read for them.
_IDLE_SECONDS = 600

#: Parameters of libpq, for the end of the application.
_CLIENT = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": _SILENCE_SECONDS,
    "keepalives_interval": _TEST_SECONDS,
    "keepalives_count": _TESTS,
    "tcp_user_timeout": _BROKEN_SECONDS * 1000,
}
#: Parameters of the session, for the end of the server.
_SERVER = {
    "tcp_keepalives_idle": f"{_SILENCE_SECONDS}s",
    "tcp_keepalives_interval": f"{_TEST_SECONDS}s",
    "tcp_keepalives_count": str(_TESTS),
    "tcp_user_timeout": f"{_BROKEN_SECONDS}s",
    # A statement of a client that is gone ends after this time at the latest, instead of running to its end.
    "client_connection_check_interval": f"{_SILENCE_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
}
#: As statements and not as options of the connection, which programs between the two may refuse. Server versions without one
#: of the parameters pass over it. Looking for those that nobody has set takes longer than connecting.
_UNSET = "SELECT name FROM pg_settings WHERE name = ANY(%s) AND source = 'default'"
_LIMIT = (
    "SELECT set_config(name, setting, false) FROM unnest(%s::text[], %s::text[]) AS wanted(name, setting)"
)
#: The attribute of an engine that keeps which parameters nobody else has set.
_FOUND = "batchbook_unset_limits"
#: The function that lifts the last limit for one transaction: code of a job may work for long between two statements.
ALLOW_IDLE = "set_config('idle_in_transaction_session_timeout', '0', true)"


def limit_waiting(engine: Engine) -> None:
    """Have the connections of ``engine`` limited at both ends, if it is an engine for PostgreSQL."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "do_connect", _before_connecting)
        event.listen(engine, "connect", limit_session)


def limited_engine(url: URL, application_name: str) -> dict[str, Any]:
    """Return the options for :func:`sqlalchemy.create_engine` of a library that makes an engine on PostgreSQL by itself.

    Its connections have the limits of both ends, and can be told by their ``application_name``.
    """
    options: dict[str, Any] = {"application_name": application_name}
    add_client_limits(options)
    return {
        "connect_args": {name: value for name, value in options.items() if name not in url.query},
        "pool_events": [(limit_session, "connect")],
    }


def add_client_limits(options: dict[str, Any]) -> None:
    """Add the limits of the application's end to the driver's connection ``options``, unless they have them."""
    for name, value in _CLIENT.items():
        options.setdefault(name, value)


def limit_session(driver: Any, _record: object = None, engine: Any = None) -> None:
    """Set the limits of the server's end of the new connection ``driver``, as far as the server takes them.

    Which of them nobody else has set is found out once for an ``engine``, an object that lives as long as that one.
    """
    unset: list[str] | None = getattr(engine, _FOUND, None)
    if unset is None:
        with driver.cursor() as cursor:
            unset = [name for (name,) in cursor.execute(_UNSET, (list(_SERVER),))]
    if not _is_set(driver, unset):
        unset = [name for name in unset if _is_set(driver, [name])]
    if engine is not None:
        setattr(engine, _FOUND, unset)


def _is_set(driver: Any, names: list[str]) -> bool:
    """Set the limits called ``names``; return whether the server takes them all, else none of them is set.

    A server on Windows cannot tell whether its client is gone, and refuses to be told to look.
    """
    # Imported here, so that installations on SQLite do not load PostgreSQL's driver.
    from psycopg.errors import InvalidParameterValue, UndefinedObject

    try:
        with driver.cursor() as cursor:
            cursor.execute(_LIMIT, (names, [_SERVER[name] for name in names]))
    except (InvalidParameterValue, UndefinedObject):
        driver.rollback()
        return False
    driver.commit()
    return True


def _before_connecting(_dialect: object, _record: object, _arguments: Any, options: Any) -> None:
    add_client_limits(options)
