"""Which encoding a text is in: found from all of its bytes, never from the first of them alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.report import Note
from batchbook.tables.survey import Survey, Undecodable, pieces_of, survey

#: The encodings that a person can say.
ENCODINGS = (
    "utf-8", "utf-16", "cp1252", "iso-8859-1", "iso-8859-2", "cp1250", "cp1251", "mac-roman", "cp437", "cp850",
)  # fmt: skip

_START = 4096
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_ASCII = bytes(range(128))
_SHOWN = 8


class Encoded:
    """A text whose encoding is known: its name for people, the codec for programs, and what it is made of."""

    def __init__(self, encoding: str, codec: str, found: Survey, notes: tuple[Note, ...] = ()) -> None:
        self.encoding, self.codec, self.survey, self.notes = encoding, codec, found, notes


def find_encoding(name: str, file: BinaryIO, said: str = "") -> Encoded:
    """Return the encoding of ``file``, called ``name``: the one that was ``said``, or else the one that is found.

    Raises ``BadInput`` for an encoding that is not known here, for one that the file is not in, and for no text.
    """
    start = _start_of(file)
    mark = next((mark for mark in _MARKS if start.startswith(mark)), b"")
    encoding = said or _MARKS.get(mark, "") or _wide(start)
    if encoding:
        return _as_said(name, file, encoding, mark, start)
    try:
        return Encoded("utf-8", "utf-8-sig", survey(name, file, "utf-8-sig"))
    except Undecodable as error:
        return _old_code_page(name, file, error)


def _as_said(name: str, file: BinaryIO, encoding: str, mark: bytes, start: bytes) -> Encoded:
    if encoding not in ENCODINGS:
        raise BadInput(
            f"“{encoding[:40]}” is not an encoding that can be read here. Choose one of {', '.join(ENCODINGS)}."
        )
    codec = codec_of(encoding, start)
    try:
        found = survey(name, file, codec)
    except Undecodable as error:
        raise BadInput(_not_in(name, encoding, error)) from None
    return Encoded(encoding, codec, found, _mark_note(mark) if _MARKS.get(mark) == encoding else ())


def _not_in(name: str, encoding: str, error: Undecodable) -> str:
    """Return the sentence about what is not in ``encoding``."""
    if error.is_half:
        return _half_a_character(name, error)
    return (
        f"“{name}” is not text in {encoding}: {error.where} is no character there."
        " Choose another encoding, or save it as “CSV UTF-8” and upload it again."
    )


def codec_of(encoding: str, start: bytes) -> str:
    """Return the codec for an encoding that a person said, by the first bytes of the file."""
    if encoding == "utf-8":
        return "utf-8-sig"
    if encoding == "utf-16" and _MARKS.get(start[:2]) != "utf-16":
        return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"
    return encoding


def _wide(start: bytes) -> str:
    """Return ``utf-16`` where every other byte is mostly zero and hardly any of the rest is."""
    high, low = sorted((start[::2].count(0), start[1::2].count(0)), reverse=True)
    half = len(start) // 2
    return "utf-16" if half and high > half * 0.4 and low < half * 0.05 else ""


def _old_code_page(name: str, file: BinaryIO, error: Undecodable) -> Encoded:
    if error.is_half and _passes_with_halves(name, file):
        raise BadInput(_half_a_character(name, error))
    try:
        found = survey(name, file, "cp1252")
    except Undecodable as other:
        raise BadInput(
            f"“{name}” is text in an encoding that cannot be told: it is not UTF-8 ({error.where}), and not"
            f" Windows-1252 ({other.where}). Choose its encoding, or save it as “CSV UTF-8” and upload it again."
        ) from None
    return Encoded("cp1252", "cp1252", found, (_code_page_note(file, error),))


def _passes_with_halves(name: str, file: BinaryIO) -> bool:
    try:
        survey(name, file, "utf-8-sig", errors="surrogatepass")
    except Undecodable:
        return False
    return True


def _half_a_character(name: str, error: Undecodable) -> str:
    return (
        f"“{name}” holds half a character (a lone surrogate) in line {error.line:,}, at byte {error.position:,}."
        " Whatever wrote it cut a character in two there: correct that place, or export it once more."
    )


def _code_page_note(file: BinaryIO, error: Undecodable) -> Note:
    used: set[int] = set()
    for piece in pieces_of(file):
        used.update(piece.translate(None, _ASCII))
    example = error.around.decode("cp1252", "replace").strip()
    return Note(
        "encoding",
        f"This is not UTF-8 ({error.where}). It was read as Windows-1252: the bytes {_hex(used)} became"
        f" “{bytes(sorted(used)[:_SHOWN]).decode('cp1252', 'replace')}”, as in “{example}” in line {error.line:,}."
        " Choose another encoding if that looks wrong.",
    )


def _hex(values: Collection[int]) -> str:
    shown = ", ".join(f"0x{value:02X}" for value in sorted(values)[:_SHOWN])
    return shown + (" and others" if len(values) > _SHOWN else "")


def _mark_note(mark: bytes) -> tuple[Note, ...]:
    return (
        Note(
            "byte-order-mark",
            f"The file begins with a byte order mark ({mark.hex(' ').upper()}), which says that it is"
            f" {_MARKS[mark].upper()}. It is no part of the first heading.",
        ),
    )


def _start_of(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_START)
