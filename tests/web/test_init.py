from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import plaster
import pytest
from pyramid.exceptions import ConfigurationError

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


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_server_takes_a_little_more_than_the_largest_upload(name: str) -> None:
    """What the server refuses has no sentence, and what it takes lies on the disk before Batchbook is asked."""
    loader = plaster.get_loader(str(ROOT / name), protocols=["wsgi"])
    taken = int(loader.get_settings("server:main")["max_request_body_size"])
    upload = read_settings(loader.get_wsgi_app_settings("main")).max_upload_bytes
    assert upload * 1.1 < taken < upload * 1.25
