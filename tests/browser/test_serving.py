"""The server that the browsers visit ends with its test, also while it answers somebody who has gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest

from .serving import serving


def test_an_answer_that_is_under_way_ends_before_the_server(caplog: pytest.LogCaptureFixture) -> None:
    asked, may_answer, answered = threading.Event(), threading.Event(), threading.Event()

    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked.set()
        may_answer.wait(10)
        start_response("200 OK", [("Content-Length", "2")])
        answered.set()
        return [b"ok"]

    before = set(threading.enumerate())
    with serving(app) as address:
        port = urlsplit(address).port
        assert port
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert asked.wait(10)
        later = threading.Timer(0.1, may_answer.set)
        later.start()
    later.join()
    assert answered.is_set()
    assert set(threading.enumerate()) <= before
    # The queue says that a request waits whenever its thread has not begun yet, which is no fault of how it ends.
    messages = [record for record in caplog.records if record.name.startswith("waitress")]
    assert [record.getMessage() for record in messages if record.name != "waitress.queue"] == []
