"""Label templates, declared as data: the paper, and what is on a label at which place; and the checks of them at start-up.

All lengths are in millimetres from the top left corner of the label or of the sheet, sizes of fonts in points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver

from batchbook.declarations import author_error
from batchbook.settings import Setting

#: The fields of a label that a template may show.
FIELDS = ("description", "size", "unit", "item_code", "upc", "price", "date")

TEMPLATES = Setting(
    "batchbook.labels.templates",
    "",
    "Label templates that replace shipped ones of the same paper and size: the dotted name of a tuple of LabelTemplates, such as acme.labels:TEMPLATES; separate several by spaces.",
)
#: The narrowest bar of a barcode that common scanners read from paper.
NARROWEST_MODULE = 0.19
#: The modules of the widest retail code, EAN-13, with its quiet zones.
_EAN_MODULES = 113
#: What rounding may leave over at the edge of a label or a sheet.
_ROUNDING = 0.05
_SMALLEST_FONT = 4
_LOWEST_BARCODE = 5


class Paper(StrEnum):
    """The paper that labels are printed on, chosen for a batch."""

    A4 = "a4"
    LETTER = "letter"
    ROLL = "roll"


class LabelSize(StrEnum):
    """The size of a label, chosen for a row."""

    STANDARD = "standard"
    SMALL = "small"
    LARGE = "large"


class BarcodeKind(StrEnum):
    """The kind of a barcode.

    ``AUTO`` is the product's retail code as EAN-13, UPC-A or EAN-8; for a product without a valid one its item code as
    Code 128, or as QR code where that is too wide. ``RETAIL`` is the retail code or nothing.
    """

    AUTO = "auto"
    RETAIL = "retail"
    CODE_128 = "code128"
    QR = "qr"


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of a label. A box alone is a black rectangle, such as a line."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Text(Box):
    """The text of a ``field``, or a ``text`` that is the same on all labels, from the top of its box.

    A text that is too long is set smaller, down to ``least`` points, and ends in … if that does not suffice. ``lines`` is
    the most lines into which it is wrapped.
    """

    field: str = ""
    text: str = ""
    font: float
    least: float = 0
    bold: bool = False
    align: str = "left"
    lines: int = 1


@dataclass(frozen=True, kw_only=True)
class Price(Box):
    """The price on the bottom line of its box, with small raised decimals, set smaller where the box is too narrow."""

    font: float
    align: str = "right"


@dataclass(frozen=True, kw_only=True)
class Barcode(Box):
    """A barcode with its quiet zones and, unless ``digits`` is false, its text in its box.

    ``module`` is the greatest width of its narrowest bar, which is a multiple of ``step``, such as a printer's dot, where that
    is given. A barcode of a kind that is not a retail code has ``content``,
    which may name fields: ``https://shop.example/{item_code}``; by default the item code.
    """

    kind: BarcodeKind = BarcodeKind.AUTO
    module: float = 0.33
    step: float = 0
    digits: bool = True
    align: str = "left"
    content: str = ""

    @property
    def least_module(self) -> float:
        """The least width of its narrowest bar that scanners read: of printed dots, two."""
        return max(NARROWEST_MODULE, 2 * self.step)

    def whole(self, module: float) -> float:
        """Return ``module`` rounded down to a multiple of the step."""
        return int(module / self.step + 0.001) * self.step if self.step else module


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet with rows of labels. ``left`` and ``top`` are the place of the first one; ``right`` and ``down`` lead to the next."""

    width: float
    height: float
    columns: int
    rows: int
    left: float
    top: float
    right: float
    down: float

    @property
    def count(self) -> int:
        """The number of labels on a sheet."""
        return self.columns * self.rows


@dataclass(frozen=True, kw_only=True)
class LabelTemplate:
    """A label of one size on one paper: ``title`` for people, the label's width and height, and the ``elements`` on it.

    ``sheet`` is the sheet that it is a part of; ``None`` for a roll, where each label is a page.
    """

    paper: Paper
    size: LabelSize
    title: str
    width: float
    height: float
    elements: tuple[Box, ...]
    sheet: Sheet | None = None

    @property
    def per_page(self) -> int:
        """The number of labels on a page."""
        return self.sheet.count if self.sheet else 1

    @property
    def page_size(self) -> tuple[float, float]:
        """The width and height of a page."""
        return (self.sheet.width, self.sheet.height) if self.sheet else (self.width, self.height)

    def place(self, number: int) -> tuple[float, float]:
        """Return the top left corner of the label ``number`` on its page, counted from 0 along the rows."""
        if self.sheet is None:
            return 0, 0
        row, column = divmod(number, self.sheet.columns)
        return self.sheet.left + column * self.sheet.right, self.sheet.top + row * self.sheet.down


class LabelTemplates:
    """The label templates of an application, by paper and size: the shipped ones, and those that replace them."""

    def __init__(self, templates: Iterable[LabelTemplate]) -> None:
        self._templates = {(one.paper, one.size): one for one in templates}

    def get(self, paper: str, size: str) -> LabelTemplate:
        """Return the template of a label of ``size`` on ``paper``."""
        return self._templates[Paper(paper), LabelSize(size)]

    def titles(self) -> dict[str, str]:
        """Return what can be printed on, by the value of the paper: the title of its standard label."""
        return {paper.value: self.get(paper, LabelSize.STANDARD).title for paper in Paper}


def templates_from(settings: Mapping[str, Any], shipped: Iterable[LabelTemplate]) -> LabelTemplates:
    """Return ``shipped`` templates, with those in their place that the settings name.

    Raises ``ConfigurationError`` with a sentence where one is not there, or could not be printed.
    """
    found = [one for name in TEMPLATES.text(settings).split() for one in _resolved(name)]
    return LabelTemplates([*shipped, *found])


def _resolved(name: str) -> Iterator[LabelTemplate]:
    try:
        value = DottedNameResolver().resolve(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"The setting {TEMPLATES.name} names {name!r}, which is not there: {author_error(error)}."
        ) from error
    templates = (value,) if isinstance(value, LabelTemplate) else value
    if not isinstance(templates, tuple | list) or not templates:
        raise ConfigurationError(
            f"The setting {TEMPLATES.name} names {name!r}, which must be a tuple of LabelTemplates, and is {value!r:.60}."
        )
    for template in templates:
        try:
            problem = next(problems_of(template), None)
        except TypeError as error:  # A text where a number is compared.
            problem = f"a length is not a number: {error}."
        if problem is not None:
            title = getattr(template, "title", template)
            raise ConfigurationError(f"The label template “{title}” in {name} cannot be printed: {problem}")
        yield template


def problems_of(template: Any) -> Iterator[str]:
    """Yield a sentence for each thing that keeps ``template`` from being printed."""
    if not isinstance(template, LabelTemplate):
        yield "it is no LabelTemplate."
        return
    if template.paper not in list(Paper) or template.size not in list(LabelSize):
        yield f"there is no paper “{template.paper}” with labels of the size “{template.size}”."
    if (template.paper == Paper.ROLL) != (template.sheet is None):
        yield "a roll has no sheet, and every other paper has one."
    if min(template.width, template.height) <= 0 or not template.elements:
        yield "a label has a width, a height and something on it."
    yield from _sheet_problems(template)
    for number, element in enumerate(template.elements, 1):
        where = f"element {number}, a {type(element).__name__},"
        yield from (f"{where} {problem}" for problem in _element_problems(template, element))


def _sheet_problems(template: LabelTemplate) -> Iterator[str]:
    sheet = template.sheet
    if sheet is None:
        return
    if min(sheet.columns, sheet.rows) < 1:
        yield "a sheet has at least one column and one row."
        return
    if (sheet.columns > 1 and sheet.right < template.width - _ROUNDING) or (
        sheet.rows > 1 and sheet.down < template.height - _ROUNDING
    ):
        yield "its labels overlap on the sheet."
    left, top = template.place(sheet.count - 1)
    beyond = (
        left + template.width > sheet.width + _ROUNDING or top + template.height > sheet.height + _ROUNDING
    )
    if beyond or min(sheet.left, sheet.top) < 0:
        yield "its labels lie beyond the edge of the sheet."


def _element_problems(template: LabelTemplate, element: Any) -> Iterator[str]:
    if not isinstance(element, Box):
        yield "is no Box, Text, Price or Barcode."
        return
    if min(element.width, element.height) <= 0:
        yield "has no width or no height."
    right, bottom = element.x + element.width, element.y + element.height
    if (
        min(element.x, element.y) < 0
        or right > template.width + _ROUNDING
        or bottom > template.height + _ROUNDING
    ):
        yield "lies beyond the edge of the label."
    if getattr(element, "align", "left") not in ("left", "center", "right"):
        yield "must be aligned left, center or right."
    if isinstance(element, Text | Price) and element.font < _SMALLEST_FONT:
        yield f"has a font of {element.font} points; {_SMALLEST_FONT} are the least that can be read."
    if isinstance(element, Text):
        yield from _text_problems(element)
    if isinstance(element, Barcode):
        yield from _barcode_problems(element)


def _text_problems(text: Text) -> Iterator[str]:
    if bool(text.field) == bool(text.text):
        yield "must have either a field or a text."
    elif text.field and text.field not in FIELDS:
        yield f"has the field {text.field!r}; fields are {', '.join(FIELDS)}."
    if text.lines < 1:
        yield "must have at least one line."


def _barcode_problems(barcode: Barcode) -> Iterator[str]:
    if barcode.kind not in list(BarcodeKind):
        yield f"has the kind {barcode.kind!r}; kinds are {', '.join(BarcodeKind)}."
    if barcode.module < barcode.least_module:
        yield f"has bars of {barcode.module} mm; scanners need at least {barcode.least_module} mm."
    if barcode.height < _LOWEST_BARCODE:
        yield f"is {barcode.height} mm high; scanners need at least {_LOWEST_BARCODE} mm."
    least = _EAN_MODULES * barcode.least_module
    if barcode.kind in (BarcodeKind.AUTO, BarcodeKind.RETAIL) and barcode.width < least:
        yield f"is {barcode.width} mm wide; an EAN-13 that can be scanned needs {least:.1f} mm with its quiet zones."
    try:
        unknown = {name for _, name, _, _ in Formatter().parse(barcode.content) if name is not None}
    except ValueError as error:
        yield f"has a content that cannot be read: {error}."
    else:
        for name in sorted(unknown - set(FIELDS)):
            yield f"names {{{name}}} in its content; fields are {', '.join(FIELDS)}."


SETTINGS = (TEMPLATES,)
