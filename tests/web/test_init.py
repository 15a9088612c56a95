from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import plaster
import pytest
from pyramid.exceptions import ConfigurationError
from tests.browser.serving import serving

from batchbook.grid import NumberFormat
from batchbook.web import WebSettings, read_settings

ROOT = Path(__file__).parents[2]


def test_defaults() -> None:
    assert read_settings({}) == WebSettings(
        max_upload_bytes=50_000_000, max_form_bytes=5_000_000, timezone=ZoneInfo("UTC"), development=False
    )


@pytest.mark.parametrize("zone", ["Nowhere/Land", "", "../../etc/passwd"])
def test_an_unknown_time_zone_stops_the_start(zone: str) -> None:
    with pytest.raises(ConfigurationError, match=r"batchbook\.timezone"):
        read_settings({"batchbook.timezone": zone})


def test_the_site_has_a_number_format() -> None:
    assert read_settings({"batchbook.number_format": "1'234.56"}).number_format is NumberFormat.APOSTROPHE
    with pytest.raises(ConfigurationError, match=r"batchbook\.number_format is '1_0'"):
        read_settings({"batchbook.number_format": "1_0"})


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_server_takes_a_little_more_than_the_largest_upload(name: str) -> None:
    """What the server refuses has no sentence, and what it takes lies on the disk before Batchbook is asked."""
    loader = plaster.get_loader(str(ROOT / name), protocols=["wsgi"])
    taken = int(loader.get_settings("server:main")["max_request_body_size"])
    upload = read_settings(loader.get_wsgi_app_settings("main")).max_upload_bytes
    assert upload * 1.1 < taken < upload * 1.25


@pytest.mark.parametrize("text", ["https://shop.example", "shop.example:443", "*", "[::1]"])
def test_a_host_that_is_no_name_stops_the_start(text: str) -> None:
    assert read_settings({"batchbook.allowed_hosts": "Shop.example ::1"}).allowed_hosts == {
        "shop.example",
        "::1",
    }
    with pytest.raises(ConfigurationError, match="is not a host's name"):
        read_settings({"batchbook.allowed_hosts": text})


def _healthy(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\n"]


@contextmanager
def _half_sent(address: str, count: int) -> Iterator[list[socket.socket]]:
    """Open so many connections that send half a request each."""
    host, _, port = address.removeprefix("http://").partition(":")
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(count)]
        for one in found:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        yield found


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_half_sent_requests_keep_nobody_else_waiting(name: str) -> None:
    server = plaster.get_loader(str(ROOT / name), protocols=["wsgi"]).get_settings("server:main")
    assert int(server["channel_timeout"]) + int(server["cleanup_interval"]) <= 30
    options = {key: server[key] for key in ("connection_limit", "asyncore_use_poll")}
    times = {
        "channel_timeout": "1",
        "cleanup_interval": "1",
    }  # A test does not wait as long as the file says.
    with serving(_healthy, **options, **times) as address, _half_sent(address, 105) as half:
        with urlopen(f"{address}/health", timeout=5) as answer:
            assert answer.read() == b"ok\n"
        half[0].settimeout(20)
        assert half[0].recv(100) == b""


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_times_in_the_log_have_their_zone(name: str) -> None:
    settings = plaster.get_loader(str(ROOT / name), protocols=["wsgi"])
    parser = settings._get_parser()
    formatter = logging.Formatter(datefmt=parser.get("formatter_plain", "datefmt", raw=True))
    record = logging.LogRecord("x", logging.INFO, "", 0, "", None, None)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}", formatter.formatTime(record, formatter.datefmt)
    )
