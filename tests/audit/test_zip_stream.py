"""The ZIP as a stream: flat memory, and digests of all files and of the whole."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
import zipfile

from batchbook.audit.zip_stream import ZipStream
from batchbook.db import utc_now


def test_the_list_and_the_comment_have_the_digests() -> None:
    archive = ZipStream(utc_now())
    data = b"".join(
        [*archive.member("a/b.txt", [b"one ", b"two"]), *archive.member("empty", []), *archive.end()]
    )
    found = zipfile.ZipFile(io.BytesIO(data))
    assert found.testzip() is None
    assert found.read("a/b.txt") == b"one two"
    digests = [hashlib.sha256(text).hexdigest() for text in (b"one two", b"")]
    assert found.read("manifest.txt").decode() == f"{digests[0]}  a/b.txt\n{digests[1]}  empty\n"
    assert found.comment == b"sha256:" + hashlib.sha256(data[: -len(found.comment)]).hexdigest().encode()


def test_a_large_pack_takes_little_memory() -> None:
    archive = ZipStream(utc_now())
    megabyte = bytes(1_000_000)
    tracemalloc.start()
    size = sum(map(len, archive.member("zeros", (megabyte for _ in range(100)))))
    size += sum(map(len, archive.end()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 90_000 < size < 1_000_000
    assert peak < 8_000_000
