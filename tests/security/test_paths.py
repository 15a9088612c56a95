from __future__ import annotations

import pytest

from batchbook.security.views import local_path


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/batches/7?f.status.any_of=a&page=2",
        "/a//b",
        "/a?next=http://other.example/",
        "/%E2%82%AC?a=[1]~",
    ],
)
def test_paths_of_this_site(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "batches",
        "//other.example/",
        "/\\other.example/",
        "\\/other.example",
        "/\t/other.example",
        "/\n/other.example",
        "/a\r\nSet-Cookie: x=y",
        "/a b",
        "http://other.example/",
        "javascript:alert(1)",
        " /a",
        "/a\x00",
        "/a\n",
        "/€",
        "/ü",
        "/a\x80",
    ],
)
def test_anything_else_leads_home(path: str) -> None:
    assert local_path(path, "/home") == "/home"
