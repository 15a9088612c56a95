"""Fonts of labels: DejaVu Sans Condensed, which ships, and further TrueType files for characters that it lacks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

from pyramid.exceptions import ConfigurationError

from batchbook.settings import Setting

FONTS = Setting(
    "batchbook.labels.fonts",
    "",
    "TrueType files with characters that the font of labels lacks, such as those of Chinese; separate several by line breaks.",
)

_FOLDER = Path(__file__).parent / "font_files"
_SHIPPED = ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf")
#: What is printed in place of a character that no font has.
MISSING = "□"
#: The classes of characters that are written from right to left, see Unicode's annex 9.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI"})
#: Characters without a shape of their own, such as the joiners of other scripts; they are left out.
_INVISIBLE = frozenset({"Cc", "Cf"})
_THOUSANDTHS = 1000
_registering = Lock()


@dataclass(frozen=True, eq=False)
class Face:
    """A font file as reportlab knows it: its name, and the widths of its characters in thousandths of the font's size."""

    name: str
    widths: Mapping[int, float] = field(repr=False)


class Fonts:
    """The faces of labels, upright and bold, in the order in which they are asked for a character."""

    #: The height of capitals and digits, and the depth below the line, of the shipped font, as parts of its size.
    CAPITALS, DEPTH = 0.729, 0.24

    def __init__(self, further: Sequence[str] = ()) -> None:
        regular, bold = (_face(str(_FOLDER / name)) for name in _SHIPPED)
        others = [_face(path) for path in further]
        self._faces = {False: (regular, *others), True: (bold, regular, *others)}

    def width(self, text: str, *, bold: bool = False) -> float:
        """Return the width of ``text``, which is printable, as a multiple of the font's size."""
        faces = self._faces[bold]
        widths = faces[0].widths
        try:
            return sum([widths[ord(character)] for character in text]) / _THOUSANDTHS
        except KeyError:
            found = (self._face_of(character, faces).widths[ord(character)] for character in text)
            return sum(found) / _THOUSANDTHS

    def runs(self, text: str, *, bold: bool = False) -> Iterator[tuple[Face, str]]:
        """Yield ``text`` in parts, each with the face that has all its characters."""
        faces = self._faces[bold]
        first = faces[0]
        if all(map(first.widths.__contains__, map(ord, text))):
            yield first, text
            return
        for face, characters in groupby(text, lambda character: self._face_of(character, faces)):
            yield face, "".join(characters)

    def printable(self, text: str) -> str:
        """Return ``text`` as it is printed: in one line, with an empty square for each character that no face has."""
        composed = _one_line(text)
        if composed.isascii() and composed.isprintable():
            return composed
        return "".join(character if self._has(character) else MISSING for character in composed)

    def unprintable(self, text: str) -> str:
        """Return the characters of ``text`` that no face has, or that would be printed in the wrong direction, each once."""
        return "".join(
            dict.fromkeys(
                character
                for character in unicodedata.normalize("NFC", " ".join(text.split()))
                if unicodedata.bidirectional(character) in _RIGHT_TO_LEFT
                or not (self._has(character) or unicodedata.category(character) in _INVISIBLE)
            )
        )

    def _has(self, character: str) -> bool:
        return any(ord(character) in face.widths for face in self._faces[False])

    def _face_of(self, character: str, faces: Sequence[Face]) -> Face:
        return next((face for face in faces if ord(character) in face.widths), faces[0])


def _one_line(text: str) -> str:
    """Return ``text`` in one line without the characters that nobody sees, but for single blanks between its words."""
    composed = unicodedata.normalize("NFC", text)
    seen = (one for one in composed if one.isspace() or unicodedata.category(one) not in _INVISIBLE)
    return " ".join("".join(seen).split())


@lru_cache(maxsize=32)
def fonts_of(further: tuple[str, ...] = ()) -> Fonts:
    """Return the fonts of labels, with the files ``further`` behind the shipped ones; they are read once."""
    return Fonts(further)


@lru_cache(maxsize=64)
def _face(path: str) -> Face:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    with _registering:  # Reportlab keeps one list of fonts for all threads.
        font: Any = TTFont(f"Labels-{len(pdfmetrics.getRegisteredFontNames())}-{Path(path).stem}", path)
        pdfmetrics.registerFont(font)
    glyphs, widths = font.face.charToGlyph, font.face.charWidths
    return Face(font.fontName, {code: widths[code] for code in glyphs if code in widths})


def font_files(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the further font files of the settings; raise ``ConfigurationError`` for one that cannot be used."""
    from reportlab.pdfbase.ttfonts import TTFError, TTFontFile

    paths = tuple(filter(None, map(str.strip, FONTS.text(settings).splitlines())))
    for path in paths:
        try:
            TTFontFile(path, validate=1)
        except (TTFError, OSError) as error:
            raise ConfigurationError(
                f"The setting {FONTS.name} names {path}, which is no TrueType font that labels can use: {error}."
            ) from error
    return paths


SETTINGS = (FONTS,)
