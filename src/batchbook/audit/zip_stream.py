"""A ZIP that is written as a stream of chunks: flat memory, no file, however much is in it.

Its last member lists the SHA-256 of all others, and its comment has the SHA-256 of all bytes before the comment, so that a
changed byte is found wherever it is.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime

from batchbook.audit.verify import COMMENT, MANIFEST

#: The length of the end record of a ZIP without a comment; the length of the comment is in its last two bytes.
_END, _LENGTH = 22, 2
_PERMISSIONS = 0o644 << 16


class _Sink:
    """A file that is only written to, and whose bytes are taken meanwhile; it cannot be sought in."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Keep ``data`` until it is taken."""
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing."""

    def take(self) -> bytes:
        """Return what was written since it was last taken, and digest it."""
        data = b"".join(self._written)
        self._written.clear()
        self.digest.update(data)
        return data

    def take_end(self) -> bytes:
        """Return the rest, which ends with the end record, and the comment with the digest of everything before it."""
        length = len(COMMENT) + self.digest.digest_size * 2
        rest = b"".join(self._written)
        rest = rest[:-_LENGTH] + length.to_bytes(_LENGTH, "little")
        self.digest.update(rest)
        return rest + COMMENT + self.digest.hexdigest().encode()


class ZipStream:
    """A ZIP whose bytes are yielded while its members are written, one after the other. ``at`` is the time of all members."""

    def __init__(self, at: datetime) -> None:
        self._at = at.timetuple()[:6]
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w")  # type: ignore[call-overload]
        self._listed: list[str] = []

    def member(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Write the member called ``name``, which consists of ``chunks``; yield the bytes of the ZIP as they come."""
        digest = hashlib.sha256()
        about = zipfile.ZipInfo(name, self._at)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = _PERMISSIONS
        with self._zip.open(about, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                if data := self._sink.take():
                    yield data
        self._listed.append(f"{digest.hexdigest()}  {name}\n")
        yield self._sink.take()

    def end(self) -> Iterator[bytes]:
        """Write the list of all members and the end of the ZIP; yield the bytes."""
        yield from self.member(MANIFEST, ["".join(self._listed).encode()])
        self._zip.close()
        yield self._sink.take_end()
