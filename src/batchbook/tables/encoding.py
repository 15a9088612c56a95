"""Detection of a text's encoding, from all of its bytes and never from the first of them alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.codepages import Candidate, candidates, known_encoding, shifted
from batchbook.tables.oddlines import Lines, OddLinesFile, lines_of, odd_reader
from batchbook.tables.report import Note
from batchbook.tables.survey import Survey, Undecodable, survey
from batchbook.words import counted

#: The notes that tell of a guess about the characters of a text.
GUESSED, ODD_LINES = "encoding", "odd-lines"

_START = 4096
#: How many bytes are looked through at once, and how many of the longest shift may stand before them.
_PIECE, _LONGEST_SHIFT = 2**20, 3
_MARKS = {
    b"\xef\xbb\xbf": "utf-8", b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}  # fmt: skip
#: How many readings are offered.
_OFFERED = 4
# By how much, as a logarithm, a reading may be less likely than another for both to be open.
_CLOSE = 1.0


@dataclass(frozen=True)
class Encoded:
    """A text whose encoding is known: its name for people, the codec for programs, and what it is made of.

    ``file`` is what the codec is for. ``odd_lines`` is the encoding of those lines that are not in it, empty where there
    are none. If something is a guess, ``offered`` are the encodings that may be meant, the best first, and ``samples`` some
    lines.
    """

    encoding: str
    codec: str
    survey: Survey
    file: BinaryIO
    notes: tuple[Note, ...] = ()
    odd_lines: str = ""
    offered: tuple[Candidate, ...] = ()
    samples: tuple[bytes, ...] = ()

    def read(self, line: bytes, candidate: Candidate) -> str:
        """Return one of the samples, as the encoding of ``candidate`` has it."""
        return odd_reader(candidate.encoding)(line) if self.odd_lines else line.decode(candidate.encoding)


def find_encoding(name: str, file: BinaryIO, said: str = "", odd_lines: str = "") -> Encoded:
    """Return the encoding of ``file``, called ``name``: the one that was ``said``, or else the one that is found.

    ``odd_lines`` is the one that was said of lines that are not UTF-8 in a file that mostly is. Raises ``BadInput`` for an
    encoding that is not known here, for one that the file is not in, and for no text.
    """
    start = _start_of(file)
    mark = _mark_of(start)
    encoding = _demanded(said) or _MARKS.get(mark, "") or _wide(start)
    if encoding not in ("", "utf-8"):
        return _as_said(name, file, encoding, mark, start)
    try:
        found = survey(name, file, "utf-8-sig")
    except Undecodable as error:
        return _not_utf8(name, file, error, encoding, _demanded(odd_lines))
    shift = "" if said else _shift_in(file)
    return (
        _as_said(name, file, shift, mark, start)
        if shift
        else Encoded("utf-8", "utf-8-sig", found, file, _mark_note(mark))
    )


def _shift_in(file: BinaryIO) -> str:
    """Return the encoding of a text of ASCII bytes that shifts to other characters somewhere; empty where none does."""
    file.seek(0)
    before = b""
    while piece := file.read(_PIECE):
        if shift := shifted(before + piece):
            return shift
        before = piece[-_LONGEST_SHIFT:]
    return ""


def still_fits(file: BinaryIO, encoding: str) -> bool:
    """Tell whether a text may well be in the ``encoding`` that an earlier one was in.

    It is not where it says so, where it is valid UTF-8, and where others are much likelier.
    """
    start = _start_of(file)
    if _mark_of(start) or _wide(start):
        return False
    lines = lines_of(file)
    if not lines.odd or lines.mostly_utf8:
        return False
    offered = candidates(lines.samples)
    likely = [one.encoding for one in offered if one.likelihood > offered[0].likelihood - _CLOSE]
    try:
        texts = [line.decode(encoding) for line in lines.samples]
    except (UnicodeDecodeError, LookupError):
        return False
    return any(texts == [line.decode(name) for line in lines.samples] for name in likely)


def _demanded(said: str) -> str:
    known = known_encoding(said) if said else ""
    if known is None:
        raise BadInput(
            f"“{said[:40]}” is not an encoding of text that Python knows. Common ones: utf-8, cp1252, cp1250, cp1251,"
            " iso8859-2, gb18030, big5, shift_jis, euc_kr."
        )
    return known


def _as_said(name: str, file: BinaryIO, encoding: str, mark: bytes, start: bytes) -> Encoded:
    codec = codec_of(encoding, start)
    try:
        found = survey(name, file, codec)
    except Undecodable as error:
        raise BadInput(_not_in(name, encoding, error)) from None
    return Encoded(encoding, codec, found, file, _mark_note(mark) if _MARKS.get(mark) == encoding else ())


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
    if encoding in ("utf-16", "utf-32") and _MARKS.get(_mark_of(start)) != encoding:
        width = 2 if encoding == "utf-16" else 4
        return f"{encoding}-{'be' if start[::width].count(0) > start[width - 1 :: width].count(0) else 'le'}"
    return encoding


def _mark_of(start: bytes) -> bytes:
    return next((mark for mark in _MARKS if start.startswith(mark)), b"")


def _wide(start: bytes) -> str:
    """Return the encoding of two or four bytes for each character that the zeros between its digits and marks show."""
    if not start.count(0):
        return ""
    whole = start[: len(start) // 4 * 4]
    fourths = [whole[place::4].count(0) for place in range(4)]
    if whole and min(sorted(fourths)[2:]) == len(whole) // 4:
        return "utf-32"
    high, low = sorted((start[::2].count(0), start[1::2].count(0)), reverse=True)
    half = len(start) // 2
    return "utf-16" if half and high > half * 0.1 and low < high * 0.1 else ""


def _not_utf8(name: str, file: BinaryIO, error: Undecodable, said: str, odd_lines: str) -> Encoded:
    if error.is_half and _passes_with_halves(name, file):
        raise BadInput(_half_a_character(name, error))
    lines, mark_says_utf8 = lines_of(file), _MARKS.get(_mark_of(_start_of(file))) == "utf-8"
    if lines.mostly_utf8 or mark_says_utf8:
        return _with_odd_lines(name, file, lines, odd_lines)
    if said:
        raise BadInput(_not_in(name, said, error))
    offered = candidates(lines.samples)
    for place, candidate in enumerate(offered[: 2 * _OFFERED]):
        try:
            found = survey(name, file, candidate.encoding)
        except Undecodable:
            continue  # The samples were, but not all of it.
        shown = tuple(islice((candidate, *offered[:place], *offered[place + 1 :]), _OFFERED))
        note = Note(
            GUESSED,
            f"This is not UTF-8 ({error.where}), so its encoding is a guess. It was read as"
            f" {_called(candidate)}. Choose the reading that is right.",
            Severity.WARNING,
        )
        return Encoded(
            candidate.encoding,
            candidate.encoding,
            found,
            file,
            (note,),
            offered=shown,
            samples=tuple(lines.samples),
        )
    raise BadInput(
        f"“{name}” is text in an encoding that cannot be told: it is not UTF-8 ({error.where}), nor any other that was"
        " tried. Choose its encoding, or save it as “CSV UTF-8” and upload it again."
    )


def _with_odd_lines(name: str, file: BinaryIO, lines: Lines, said: str) -> Encoded:
    """Return a text in UTF-8 with ``lines`` that are not, read as was ``said``, or as is likely."""
    offered = tuple(candidates(lines.odd_samples, odd_reader)[:_OFFERED])
    encoding = said or (offered[0].encoding if offered else "iso8859-1")
    mixed = OddLinesFile(name, file, encoding)
    found = survey(name, mixed, "utf-8-sig")  # type: ignore[arg-type]
    which = ", ".join(f"{number:,}" for number in lines.numbers) + (
        " and others" if lines.odd > len(lines.numbers) else ""
    )
    told = f"{counted(lines.odd, 'line is', 'lines are')} not UTF-8 as the rest of the file is: {which}."
    note = Note(
        ODD_LINES,
        f"{told} Read as {encoding}."
        if said
        else f"{told} Read as {_called(offered[0]) if offered else encoding}, which is a"
        " guess. Choose the reading that is right.",
        Severity.INFO if said else Severity.WARNING,
    )
    samples = () if said else tuple(lines.odd_samples)
    return Encoded("utf-8", "utf-8-sig", found, mixed, (note,), encoding, () if said else offered, samples)  # type: ignore[arg-type]


def _called(candidate: Candidate) -> str:
    return f"{candidate.encoding} ({candidate.language})" if candidate.language else candidate.encoding


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


def _mark_note(mark: bytes) -> tuple[Note, ...]:
    if not mark:
        return ()
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
