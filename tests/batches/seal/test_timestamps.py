"""Time stamps: an authority that "openssl ts" plays confirms a digest, and what it did not confirm is not believed."""

from __future__ import annotations

import base64
import shutil
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from batchbook.batches.seal.timestamps import (
    AUTHORITY,
    CERTIFICATES,
    request_timestamp,
    trusted_certificates,
    verify_timestamp,
)
from batchbook.db import utc_now
from batchbook.errors import BadInput, Conflict

from .authority import authority_address, authority_folder, openssl  # noqa: F401 - Two of them are fixtures.

pytest.importorskip("asn1crypto")
pytest.importorskip("cryptography")
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="There is no openssl to play the authority."
)

DIGEST, OTHER = "ab" * 32, "cd" * 32


def settings(folder: Path, url: str, root: str = "root") -> dict[str, str]:
    return {AUTHORITY.name: url, CERTIFICATES.name: str(folder / f"{root}.pem")}


def test_a_time_stamp_is_made_and_verified(folder: Path, authority: str) -> None:
    reply = request_timestamp(settings(folder, authority), DIGEST)
    at = verify_timestamp(reply, DIGEST, trusted_certificates(settings(folder, authority)))
    assert abs(utc_now() - at) < timedelta(minutes=1)
    # The reply is one that others verify too.
    (folder / "made.tsr").write_bytes(base64.b64decode(reply))
    openssl("ts", "-verify", "-digest", DIGEST, "-in", folder / "made.tsr", "-CAfile", folder / "root.pem")


def test_a_time_stamp_that_is_not_right_is_not_believed(folder: Path, authority: str) -> None:
    trusted = trusted_certificates(settings(folder, authority))
    reply = request_timestamp(settings(folder, authority), DIGEST)
    with pytest.raises(Conflict, match="another digest"):
        verify_timestamp(reply, OTHER, trusted)
    with pytest.raises(Conflict, match="another request"):
        verify_timestamp(reply, DIGEST, trusted, nonce=1)
    with pytest.raises(Conflict, match="leads to none"):
        verify_timestamp(reply, DIGEST, trusted_certificates(settings(folder, authority, "stranger")))
    for broken in ("", "AAAA", "not base64!"):
        with pytest.raises(Conflict, match="not readable"):
            verify_timestamp(broken, DIGEST, trusted)


def test_no_byte_that_counts_can_be_changed(folder: Path, authority: str) -> None:
    trusted = trusted_certificates(settings(folder, authority))
    reply = base64.b64decode(request_timestamp(settings(folder, authority), DIGEST))

    def is_believed(data: bytes) -> bool:
        try:
            verify_timestamp(base64.b64encode(data).decode(), DIGEST, trusted)
        except Conflict:
            return False
        return True

    assert is_believed(reply)
    imprint = reply.index(bytes.fromhex(DIGEST))
    time = reply.index(b"20", imprint + 32)
    # The digest, the time, and the signature at the end.
    for at in (imprint, time + 3, len(reply) - 1, len(reply) - 100):
        assert not is_believed(reply[:at] + bytes([reply[at] ^ 1]) + reply[at + 1 :]), at


@pytest.mark.parametrize(
    "answer", [b"\x00\xff\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
def test_an_answer_that_is_no_http_is_told(folder: Path, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def reply() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        pool.submit(reply)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(Conflict, match="did not answer"):
            request_timestamp(settings(folder, url), DIGEST)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda made: made | {AUTHORITY.name: ""}, BadInput, "no time-stamping authority"),
        (lambda made: made | {AUTHORITY.name: "file:///etc/passwd"}, BadInput, "no time-stamping authority"),
        (lambda made: made | {AUTHORITY.name: "http://127.0.0.1:1/"}, Conflict, "did not answer"),
        (lambda made: made | {CERTIFICATES.name: ""}, BadInput, "certificates"),
        (lambda made: made | {CERTIFICATES.name: "/nowhere.pem"}, BadInput, "has no certificates"),
    ],
)
def test_what_is_missing_is_told(
    folder: Path, change: Callable[[dict[str, str]], dict[str, str]], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        request_timestamp(change(settings(folder, "http://127.0.0.1:1/")), DIGEST)
