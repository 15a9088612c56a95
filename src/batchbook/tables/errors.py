"""Errors in files, and their translation into sentences for the person who uploaded the file."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from python_calamine import CalamineError

from batchbook.errors import BadInput


class InvalidCompoundFile(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """What is wrong with the file, as a part of a sentence."""


class InvalidWorkbook(Exception):  # noqa: N818 - What is read is none; who reads it says so in a sentence.
    """The XML is damaged, or says what no worksheet says."""


class LimitExceeded(Exception):  # noqa: N818 - It becomes a sentence before it leaves this room.
    """What the file has too much of, as the end of a sentence."""


# What is raised for what is no workbook, whatever is wrong with it.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, CalamineError, InvalidWorkbook, InvalidCompoundFile, struct.error, LookupError, OSError, EOFError,
    ValueError, RuntimeError, NotImplementedError, StopIteration,
)  # fmt: skip


@contextmanager
def bad_input_for(name: str, what: str) -> Iterator[None]:
    """Raise ``BadInput`` instead of whatever is raised for the file ``name``, which should be ``what``."""
    try:
        yield
    except BadInput:
        raise
    except LimitExceeded as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except _UNREADABLE as error:
        raise BadInput(
            f"“{name}” cannot be read as {what} ({error}). Open it in your spreadsheet program, save it once more as"
            " XLSX, and upload that."
        ) from None
