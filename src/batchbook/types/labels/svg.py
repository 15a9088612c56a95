"""A picture of a page of labels as SVG, for the preview: the same marks as in the PDF, with the outlines of the labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from batchbook.types.labels.templates import LabelTemplate
from batchbook.types.labels.typesetting import POINT, Mark, TextMark, rectangles_of

_FONT = "DejaVu Sans Condensed, DejaVu Sans, Verdana, sans-serif"
#: The labels of a roll in a row, and the space between them in millimetres.
_IN_A_ROW, _SPACE = 3, 4
#: The radius of the corners of a label, in millimetres.
_CORNER = 1.2


def page_as_svg(
    template: LabelTemplate, labels: Sequence[Iterable[Mark]], first: int = 0, title: str = ""
) -> str:
    """Return a picture of a sheet with ``labels`` from its place ``first`` on; of a roll, with its labels side by side.

    Where most of a sheet is empty, the picture ends behind the first row of empty places.
    It has neither styles nor scripts, so that it may be shown under any content security policy.
    """
    places = _places(template, len(labels), first)
    width, height = _size_of(template, first + len(labels))
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}mm" height="{_n(height)}mm"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(_FONT)}>',
        f"<title>{escape(title)}</title>",
    ]
    if template.sheet:
        parts.append(f'<rect width="{_n(width)}" height="{_n(height)}" fill="#fff"/>')
        used = range(first, first + len(labels))
        empty = (template.place(number) for number in range(template.per_page) if number not in used)
        shown = (place for place in empty if place[1] < height)
        parts.extend(_outline(template, *place, is_empty=True) for place in shown)
    for (left, top), marks in zip(places, labels, strict=True):
        parts.append(_outline(template, left, top))
        parts.append(f'<g transform="translate({_n(left)} {_n(top)})">')
        parts.extend(_drawn(marks))
        parts.append("</g>")
    parts.append("</svg>")
    return "".join(parts)


def _places(template: LabelTemplate, count: int, first: int) -> list[tuple[float, float]]:
    if template.sheet:
        return [template.place(first + number) for number in range(count)]
    return [
        (
            number % _IN_A_ROW * (template.width + _SPACE) + _SPACE,
            number // _IN_A_ROW * (template.height + _SPACE) + _SPACE,
        )
        for number in range(count)
    ]


def _size_of(template: LabelTemplate, count: int) -> tuple[float, float]:
    sheet = template.sheet
    if sheet:
        rows = count // sheet.columns + 2  # The one behind the last label, and a part of the next one.
        return sheet.width, min(sheet.height, sheet.top + (rows - 0.6) * sheet.down)
    columns, rows = min(count, _IN_A_ROW) or 1, -(-count // _IN_A_ROW) or 1
    return columns * (template.width + _SPACE) + _SPACE, rows * (template.height + _SPACE) + _SPACE


def _outline(template: LabelTemplate, left: float, top: float, *, is_empty: bool = False) -> str:
    fill = 'fill="none" stroke-dasharray="1 1"' if is_empty else 'fill="#fff"'
    return (
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(template.width)}" height="{_n(template.height)}"'
        f' rx="{_CORNER}" {fill} stroke="#b8b8b8" stroke-width="0.2"/>'
    )


def _drawn(marks: Iterable[Mark]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, TextMark):
            yield _text(mark)
        else:
            path = "".join(
                f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z" for x, y, w, h in rectangles_of(mark)
            )
            yield f'<path d="{path}"/>'


def _text(mark: TextMark) -> str:
    """Return a text that is as wide as in the PDF, whatever font the browser has for it."""
    weight = ' font-weight="bold"' if mark.bold else ""
    size = f'y="{_n(mark.y)}" font-size="{_n(mark.font * POINT)}"{weight}'
    if mark.spacing:
        pitch = mark.width / len(mark.text)
        lefts = " ".join(_n(mark.x + number * pitch) for number in range(len(mark.text)))
        return f'<text x="{lefts}" {size}>{escape(mark.text)}</text>'
    length = f'textLength="{_n(mark.width)}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{_n(mark.x)}" {size} {length}>{escape(mark.text)}</text>'


def _n(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")
