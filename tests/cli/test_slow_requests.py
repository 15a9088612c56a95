"""Clients that send their requests slowly, or only half of them, keep nobody else from being answered."""

from __future__ import annotations

import configparser
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import waitress
from waitress.server import BaseWSGIServer

from batchbook.cli.slow_requests import LEAST_RATE, TimedChannel, allowed_activity, limit_slow_requests

ROOT = Path(__file__).parents[2]


def server_settings(name: str) -> dict[str, str]:
    """Return the limits of the server in a settings file."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / name)
    return {
        key: value
        for key, value in parser["server:main"].items()
        if key not in ("use", "listen", "host", "port")
    }


def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with the number of bytes that were sent."""
    body = str(len(environ["wsgi.input"].read())).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Starts a server with some settings and returns its port."""
    monkeypatch.setattr(BaseWSGIServer, "channel_class", BaseWSGIServer.channel_class)
    limit_slow_requests()
    with ExitStack() as stack:

        def start(**settings: Any) -> int:
            server: Any = waitress.create_server(answer, host="127.0.0.1", port=0, **settings)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()

            def stop() -> None:
                server.close()
                with suppress(OSError):  # It wakes up to find that it was closed.
                    socket.create_connection(("127.0.0.1", server.effective_port), 1).close()
                server.task_dispatcher.shutdown()
                thread.join(5)

            stack.callback(stop)
            return int(server.effective_port)

        yield start


def half_sent(port: int, data: bytes = b"GET /slow HTTP/1.1\r\nHost: ") -> socket.socket:
    """Open a connection and send half a request."""
    connection = socket.create_connection(("127.0.0.1", port), 10)
    connection.sendall(data)
    return connection


def is_closed(connection: socket.socket, within: float) -> bool:
    """Return whether the server closes the connection, without an answer or after one that refuses."""
    connection.settimeout(within)
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_a_hundred_half_sent_requests_keep_nobody_waiting(serve: Callable[..., int], name: str) -> None:
    port = serve(**server_settings(name))
    with ExitStack() as stack:
        for _ in range(105):
            stack.enter_context(half_sent(port))
        begun = time.monotonic()
        healthy = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        healthy.request("GET", "/health")
        assert healthy.getresponse().status == 200
        healthy.close()
        assert time.monotonic() - begun < 5


def test_a_request_that_comes_byte_by_byte_is_given_up(serve: Callable[..., int]) -> None:
    port = serve(channel_timeout=1, cleanup_interval=1)
    with half_sent(port) as connection:
        until = time.monotonic() + 8
        closed = False
        while not closed and time.monotonic() < until:
            with suppress(OSError):
                connection.sendall(b"a")
            closed = is_closed(connection, 0.3)
        assert closed


def test_a_large_request_over_a_slow_line_arrives(serve: Callable[..., int]) -> None:
    port = serve(channel_timeout=1, cleanup_interval=1)
    size = 4 * LEAST_RATE
    with half_sent(
        port, f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
    ) as connection:
        for _ in range(4):
            connection.sendall(b"x" * LEAST_RATE)
            time.sleep(0.7)
        connection.settimeout(5)
        assert b"200 OK" in connection.recv(4096)


def test_time_is_given_for_what_has_arrived() -> None:
    assert allowed_activity(100.0, 0) == 100.0
    assert allowed_activity(100.0, 5 * LEAST_RATE) == 105.0
    assert (
        issubclass(TimedChannel, BaseWSGIServer.channel_class) or TimedChannel is BaseWSGIServer.channel_class
    )
