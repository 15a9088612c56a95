"""The archive that a workbook is, whoever packed it: its parts by name, unpacked within bounds of memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO

from batchbook.tables.extent import NotASheet
from batchbook.tables.rows import MAX_CELL

#: What is unpacked of a workbook at most, in bytes, counted while it is unpacked.
MAX_UNPACKED = 200 * 1024 * 1024

#: How many bytes the archive's list of its parts may have: thousands of parts, where a workbook has dozens.
MAX_LIST = 1024 * 1024

_PIECE = 256 * 1024
# How long a text may be as it is written: a character may take an escape of some bytes.
_LONGEST = 8 * MAX_CELL
# How many pieces of the list of an OpenDocument's parts are looked at.
_MANIFEST = 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class TooMuch(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """What the file has too much of, as the end of a sentence."""


class Archive:
    """The parts of the archive in ``file``.

    Raises :class:`TooMuch` where it lists more parts than a workbook has, ``zipfile.BadZipFile`` for what is none.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(_InPieces(file))
        # Programs do not agree on capital letters, neither in the archive nor in what refers to it.
        self._entries = {entry.filename.lower(): entry for entry in self._archive.infolist()}
        self._unpacked = 0

    def __contains__(self, path: str) -> bool:
        """Tell whether there is a part at ``path``."""
        return path.lower() in self._entries

    def has(self, *folders: str) -> bool:
        """Tell whether there is a part in one of ``folders``, given in lower case with a slash at their ends."""
        return any(path.startswith(folders) for path in self._entries)

    def encrypted(self) -> bool:
        """Tell whether a password protects the parts, in either of the ways that programs have."""
        if any(entry.flag_bits & 1 for entry in self._entries.values()):
            return True
        manifest = "META-INF/manifest.xml"
        return manifest in self and b"encryption-data" in b"".join(
            islice(self.pieces_again(manifest), _MANIFEST)
        )

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield the part at ``path`` unpacked; raise :class:`TooMuch` once more was unpacked than is allowed in all."""
        for piece in self.pieces_again(path):
            self._unpacked += len(piece)
            if self._unpacked > MAX_UNPACKED:
                raise TooMuch(f"unpacks to more than {MAX_UNPACKED // 2**20:,} MB")
            yield piece

    def pieces_again(self, path: str) -> Iterator[bytes]:
        """Yield the part once more, which does not count.

        Raises :class:`~batchbook.tables.extent.NotASheet` where there is none, or packed as workbooks are not.
        """
        entry = self._entries.get(path.lower())
        if entry is None or entry.compress_type not in _METHODS:
            what = "is missing" if entry is None else "is packed in a way that workbooks are not"
            raise NotASheet(f"{path[:60]} {what}")
        with self._archive.open(entry) as unpacked:
            yield from _without_long_texts(iter(partial(unpacked.read, _PIECE), b""))


def _without_long_texts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a document of tags; raise :class:`TooMuch` for a text or a tag that nobody can hold."""
    length = 0
    for piece in pieces:
        end = piece.rfind(b">")
        length = length + len(piece) if end < 0 else len(piece) - end
        if length > _LONGEST:
            raise TooMuch(f"holds a text with more than {MAX_CELL:,} characters; no cell may be that long")
        yield piece


class _InPieces:
    """A file that is only read in pieces. The list of an archive's parts is read in one, before anything else."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; raise :class:`TooMuch` instead of making a list of far too many parts."""
        if size > MAX_LIST:
            raise TooMuch(
                f"has more parts than a workbook may have here: the list of them takes {size:,} bytes,"
                f" more than {MAX_LIST:,}"
            )
        return self._file.read(size)
