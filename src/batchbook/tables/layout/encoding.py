"""Detection of a text's encoding, from all of its bytes and never from the first of them alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.layout.languages import Candidate, encoding_candidates, known_encoding, shift_encoding
from batchbook.tables.layout.text_scan import (
    LineStatistics,
    MixedEncodingFile,
    TextStatistics,
    Undecodable,
    odd_line_decoder,
    scan_lines,
    scan_text,
)
from batchbook.tables.report import Note, TextReading
from batchbook.words import counted

#: The codes of the notes about a guessed encoding.
ENCODING_GUESSED, ODD_LINES = "encoding", "odd-lines"

_START = 4096
#: The number of bytes that are searched at once, and of those of the longest shift that may precede them.
_PIECE, _LONGEST_SHIFT = 2**20, 3
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8", b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}  # fmt: skip
#: The number of readings that are offered.
_OFFERED = 4
# The difference in likelihood, as a logarithm, within which a reading is as good as another.
_CLOSE = 1.0


@dataclass(frozen=True)
class DetectedEncoding:
    """A text whose encoding is known: its name for people, the codec for programs, and statistics of the text.

    ``file`` is the file to read by the codec. ``odd_lines`` is the encoding of single lines that are in another one; empty where
    there are none. If anything is a guess, ``offered`` are the encodings it may be in, the best first, and ``samples`` some lines.
    """

    encoding: str
    codec: str
    survey: TextStatistics
    file: BinaryIO
    notes: tuple[Note, ...] = ()
    odd_lines: str = ""
    offered: tuple[Candidate, ...] = ()
    samples: tuple[bytes, ...] = ()

    def read(self, line: bytes, candidate: Candidate) -> str:
        """Return one of the samples, decoded by the encoding of ``candidate``."""
        return (
            odd_line_decoder(candidate.encoding)(line) if self.odd_lines else line.decode(candidate.encoding)
        )


def detect_encoding(name: str, file: BinaryIO, requested: str = "", odd_lines: str = "") -> DetectedEncoding:
    """Return the encoding of ``file``, called ``name``: the one ``requested``, or else the one that is detected.

    ``odd_lines`` is the encoding requested for lines that are not UTF-8 in a file that mostly is. Raises ``BadInput`` for an unknown
    encoding, for one that the file is not in, and for binary data.
    """
    start = _start_of(file)
    mark = _mark_of(start)
    encoding = _encoding_asked_for(requested) or _BYTE_ORDER_MARKS.get(mark, "") or _wide(start)
    if encoding not in ("", "utf-8"):
        return _in_encoding(name, file, encoding, mark, start)
    try:
        found = scan_text(name, file, "utf-8-sig")
    except Undecodable as error:
        return _not_utf8(name, file, error, encoding, _encoding_asked_for(odd_lines))
    shift = "" if requested else _shift_in(file)
    return (
        _in_encoding(name, file, shift, mark, start)
        if shift
        else DetectedEncoding("utf-8", "utf-8-sig", found, file, _mark_note(mark))
    )


def _shift_in(file: BinaryIO) -> str:
    """Return the encoding of a text of ASCII bytes that shifts to another character set somewhere; empty where none does."""
    file.seek(0)
    before = b""
    while piece := file.read(_PIECE):
        if shift := shift_encoding(before + piece):
            return shift
        before = piece[-_LONGEST_SHIFT:]
    return ""


def encoding_still_fits(file: BinaryIO, encoding: str) -> bool:
    """Return whether a text may well be in ``encoding``, as an earlier file from the same source was.

    It may not be if it has another byte order mark, is valid UTF-8, or if other encodings are much likelier.
    """
    start = _start_of(file)
    if _mark_of(start) or _wide(start):
        return False
    lines = scan_lines(file)
    if not lines.odd or lines.mostly_utf8:
        return False
    offered = encoding_candidates(lines.samples)
    likely = [one.encoding for one in offered if one.likelihood > offered[0].likelihood - _CLOSE]
    try:
        texts = [line.decode(encoding) for line in lines.samples]
    except (UnicodeDecodeError, LookupError):
        return False
    return any(texts == [line.decode(name) for line in lines.samples] for name in likely)


def _encoding_asked_for(requested: str) -> str:
    known = known_encoding(requested) if requested else ""
    if known is None:
        raise BadInput(
            f"“{requested[:40]}” is not an encoding of text that Python knows. Common ones: utf-8, cp1252, cp1250, cp1251,"
            " iso8859-2, gb18030, big5, shift_jis, euc_kr."
        )
    return known


def _in_encoding(name: str, file: BinaryIO, encoding: str, mark: bytes, start: bytes) -> DetectedEncoding:
    codec = codec_of(encoding, start)
    try:
        found = scan_text(name, file, codec)
    except Undecodable as error:
        raise BadInput(_not_in_encoding_message(name, encoding, error)) from None
    return DetectedEncoding(
        encoding, codec, found, file, _mark_note(mark) if _BYTE_ORDER_MARKS.get(mark) == encoding else ()
    )


def _not_in_encoding_message(name: str, encoding: str, error: Undecodable) -> str:
    """Return the sentence about a text that is not in ``encoding``."""
    if error.is_half:
        return _lone_surrogate_message(name, error)
    return (
        f"“{name}” is not text in {encoding}: {error.where} is no character there."
        " Choose another encoding, or save it as “CSV UTF-8” and upload it again."
    )


def codec_of(encoding: str, start: bytes) -> str:
    """Return the codec for a requested encoding, by the first bytes of the file."""
    if encoding == "utf-8":
        return "utf-8-sig"
    if encoding in ("utf-16", "utf-32") and _BYTE_ORDER_MARKS.get(_mark_of(start)) != encoding:
        width = 2 if encoding == "utf-16" else 4
        return f"{encoding}-{'be' if start[::width].count(0) > start[width - 1 :: width].count(0) else 'le'}"
    return encoding


def _mark_of(start: bytes) -> bytes:
    return next((mark for mark in _BYTE_ORDER_MARKS if start.startswith(mark)), b"")


def _wide(start: bytes) -> str:
    """Return the encoding with two or four bytes per character, if zeros between digits show one; else an empty text."""
    if not start.count(0):
        return ""
    whole = start[: len(start) // 4 * 4]
    fourths = [whole[place::4].count(0) for place in range(4)]
    if whole and min(sorted(fourths)[2:]) == len(whole) // 4:
        return "utf-32"
    high, low = sorted((start[::2].count(0), start[1::2].count(0)), reverse=True)
    half = len(start) // 2
    return "utf-16" if half and high > half * 0.1 and low < high * 0.1 else ""


def _not_utf8(
    name: str, file: BinaryIO, error: Undecodable, requested: str, odd_lines: str
) -> DetectedEncoding:
    if error.is_half and _has_lone_surrogates(name, file):
        raise BadInput(_lone_surrogate_message(name, error))
    lines, mark_says_utf8 = scan_lines(file), _BYTE_ORDER_MARKS.get(_mark_of(_start_of(file))) == "utf-8"
    if lines.mostly_utf8 or mark_says_utf8:
        return _with_odd_lines(name, file, lines, odd_lines)
    if requested:
        raise BadInput(_not_in_encoding_message(name, requested, error))
    offered = encoding_candidates(lines.samples)
    for place, candidate in enumerate(offered[: 2 * _OFFERED]):
        try:
            found = scan_text(name, file, candidate.encoding)
        except Undecodable:
            continue  # The samples were, but not all of it.
        several = tuple(islice((candidate, *offered[:place], *offered[place + 1 :]), _OFFERED))
        note = Note(
            ENCODING_GUESSED,
            f"This is not UTF-8 ({error.where}), so its encoding is a guess. It was read as"
            f" {_candidate_text(candidate)}. Choose the reading that is right.",
            Severity.WARNING,
        )
        return DetectedEncoding(
            candidate.encoding,
            candidate.encoding,
            found,
            file,
            (note,),
            offered=several,
            samples=tuple(lines.samples),
        )
    raise BadInput(
        f"“{name}” is text in an encoding that could not be detected: it is not UTF-8 ({error.where}), nor any other that was"
        " tried. Choose its encoding, or save it as “CSV UTF-8” and upload it again."
    )


def _with_odd_lines(name: str, file: BinaryIO, lines: LineStatistics, requested: str) -> DetectedEncoding:
    """Return a text in UTF-8 with ``lines`` that are not, read as ``requested``, or as is likely."""
    offered = tuple(encoding_candidates(lines.odd_samples, odd_line_decoder)[:_OFFERED])
    encoding = requested or (offered[0].encoding if offered else "iso8859-1")
    mixed = cast("BinaryIO", MixedEncodingFile(name, file, encoding))
    found = scan_text(name, mixed, "utf-8-sig")
    which = ", ".join(f"{number:,}" for number in lines.numbers) + (
        " and others" if lines.odd > len(lines.numbers) else ""
    )
    which_lines = (
        f"{counted(lines.odd, 'line is', 'lines are')} not UTF-8 as the rest of the file is: {which}."
    )
    note = Note(
        ODD_LINES,
        f"{which_lines} Read as {encoding}."
        if requested
        else f"{which_lines} Read as {_candidate_text(offered[0]) if offered else encoding}, which is a"
        " guess. Choose the reading that is right.",
        Severity.INFO if requested else Severity.WARNING,
    )
    samples = () if requested else tuple(lines.odd_samples)
    return DetectedEncoding(
        "utf-8", "utf-8-sig", found, mixed, (note,), encoding, () if requested else offered, samples
    )


def _candidate_text(candidate: Candidate) -> str:
    return f"{candidate.encoding} ({candidate.language})" if candidate.language else candidate.encoding


def _has_lone_surrogates(name: str, file: BinaryIO) -> bool:
    try:
        scan_text(name, file, "utf-8-sig", errors="surrogatepass")
    except Undecodable:
        return False
    return True


def _lone_surrogate_message(name: str, error: Undecodable) -> str:
    return (
        f"“{name}” holds half a character (a lone surrogate) in line {error.line:,}, at byte {error.position:,}."
        " Whatever wrote it cut a character in two there: correct that place, or export it once more."
    )


def _mark_note(mark: bytes) -> tuple[Note, ...]:
    if not mark:
        return ()
    return (
        Note(
            "byte-order-mark",
            f"The file begins with a byte order mark ({mark.hex(' ').upper()}), which says that it is"
            f" {_BYTE_ORDER_MARKS[mark].upper()}. It is no part of the first heading.",
        ),
    )


def _start_of(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_START)


# The number of texts that are shown, and the characters of each.
_TEXTS_SHOWN, _LONGEST_SHOWN = 5, 60


def compare_readings(text: DetectedEncoding, delimiter: str) -> tuple[TextReading, ...]:
    """Return the same cells of ``text`` in each encoding that is offered; nothing where none is."""
    if not text.offered:
        return ()
    lines = [[text.read(line, candidate) for line in text.samples] for candidate in text.offered]
    places = _places(lines[0], delimiter)
    return tuple(
        TextReading(candidate.encoding, candidate.language, tuple(_cells(read, places, delimiter)))
        for candidate, read in zip(text.offered, lines, strict=True)
    )


def _places(lines: Sequence[str], delimiter: str) -> list[tuple[int, int]]:
    """Return the lines and columns of some different cells with characters beyond ASCII, spread over the lines."""
    places: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(lines):
        for place, cell in enumerate(_split_line(line, delimiter)):
            if not cell.isascii():
                places.setdefault(cell, (number, place))
    found = list(places.values())
    return found[:: max(1, len(found) // _TEXTS_SHOWN)][:_TEXTS_SHOWN]


def _cells(lines: Sequence[str], places: Sequence[tuple[int, int]], delimiter: str) -> Iterator[str]:
    for number, place in places:
        cells = _split_line(lines[number], delimiter)
        text = cells[place] if place < len(cells) else lines[number]
        yield "".join(char if char.isprintable() else "\ufffd" for char in text.strip()[:_LONGEST_SHOWN])


def _split_line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [line])
    except csv.Error:
        return [line]
