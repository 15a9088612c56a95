"""Printing of rows into files that are kept with their batch: a PDF, and ZPL where it is chosen, for each label size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, NamedTuple, Protocol, Self, cast

from pyramid.exceptions import ConfigurationError
from sqlalchemy import func, select

from batchbook.batches import HandlerContext, Rows, store_file
from batchbook.errors import BadInput
from batchbook.settings import Setting
from batchbook.types.labels.fonts import Fonts, fonts_of
from batchbook.types.labels.models import LabelRow, Labels
from batchbook.types.labels.templates import LabelSize, LabelTemplate, LabelTemplates
from batchbook.types.labels.typesetting import Mark, Typesetter
from batchbook.types.labels.zpl import DOTS, LabelZpl
from batchbook.words import counted

LOCALE = Setting(
    "batchbook.labels.locale",
    "en_US",
    "The language and region by which prices and days are written on labels, such as de_DE.",
)
CURRENCY = Setting(
    "batchbook.labels.currency",
    "",
    "The currency of the prices on labels, such as USD or EUR. Empty: they have none.",
)
#: The rows that are read at a time, and the labels after which a file ends, with its page, because reportlab keeps the pages
#: of a document in memory until it is written.
_CHUNK, MOST_LABELS = 1_000, 10_000
#: The labels that a batch prints at the most, which takes about two minutes. More are a slip, such as a wrong column of copies.
MOST_AT_ONCE = 200_000
_IN_MEMORY = 8 * 1024 * 1024
PDF, ZPL = "pdf", "zpl"


@dataclass(frozen=True)
class LabelSetup:
    """How labels are printed at this shop: templates, further font files, and the way in which prices and days are written."""

    templates: LabelTemplates
    font_files: tuple[str, ...] = ()
    locale: str = LOCALE.default
    currency: str = ""

    @property
    def fonts(self) -> Fonts:
        """The fonts of labels."""
        return fonts_of(self.font_files)

    def price_text(self, price: Decimal | None) -> str:
        """Return ``price`` as it is printed, with two decimals; an empty text without one."""
        # Babel takes longer to import than commands take to start.
        from babel.numbers import format_currency, format_decimal

        if price is None:
            return ""
        if self.currency:
            return format_currency(price, self.currency, locale=self.locale, currency_digits=False)
        return format_decimal(price, "#,##0.00", locale=self.locale)

    def day_text(self, day: date) -> str:
        """Return ``day`` as it is printed."""
        from babel.dates import format_date

        return format_date(day, "medium", locale=self.locale)

    def fields_of(self, row: Any, day: str) -> dict[str, str]:
        """Return the texts of the label of ``row``, by the names of fields; ``day`` is the one on which it is printed."""
        texts = {
            name: getattr(row, name) or "" for name in ("description", "size", "unit", "item_code", "upc")
        }
        return texts | {"price": self.price_text(row.price), "date": day}


def locale_and_currency(settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return the locale and the currency of the settings; raise ``ConfigurationError`` for one that is not known."""
    from babel import Locale, UnknownLocaleError
    from babel.numbers import is_currency

    locale, currency = LOCALE.text(settings), CURRENCY.text(settings).upper()
    try:
        Locale.parse(locale)
    except (UnknownLocaleError, ValueError) as error:
        raise ConfigurationError(
            f"The setting {LOCALE.name} is {locale!r}, which is no language and region. Write it like de_DE."
        ) from error
    if currency and not is_currency(currency):
        raise ConfigurationError(
            f"The setting {CURRENCY.name} is {currency!r}, which is no currency. Write it like EUR."
        )
    return locale, currency


# --- What would be printed -------------------------------------------------------------------------------------------


class Portion(NamedTuple):
    """The labels of one size: their template, the number of labels, and the first place of their first sheet, from 0."""

    template: LabelTemplate
    labels: int
    first: int

    @property
    def pages(self) -> int:
        """The number of sheets; of a roll, that of labels."""
        return -(-(self.first + self.labels) // self.template.per_page)

    @property
    def words(self) -> str:
        """What is printed, as a part of a sentence."""
        labels = counted(self.labels, f"{self.template.size} label")
        return f"{labels} on {counted(self.pages, 'sheet')}" if self.template.sheet else f"{labels} on a roll"


def portions(setup: LabelSetup, batch: Labels, rows: Rows, start_at: int) -> list[Portion]:
    """Return what printing ``rows`` makes of each size, the size of the batch first.

    Its first sheet is used from the label ``start_at`` on, counted from 1. Raises ``BadInput`` where a sheet has no such label,
    and for more labels than are printed at once.
    """
    row = LabelRow
    size_of_row = func.coalesce(row.label_size, batch.label_size)
    wanted = select(size_of_row, func.sum(row.copies)).where(rows.where).group_by(size_of_row)
    counts = {size: int(count) for size, count in rows.session.execute(wanted)}
    if sum(counts.values()) > MOST_AT_ONCE:
        raise BadInput(
            f"These are {sum(counts.values()):,} labels, and {MOST_AT_ONCE:,} are printed at once. Reduce the copies, or choose fewer"
            " rows."
        )
    found = []
    for size in sorted(LabelSize, key=lambda one: one != batch.label_size):
        if counts.get(size):
            template = setup.templates.get(batch.paper, size)
            first = start_at - 1 if size == batch.label_size and template.sheet else 0
            if first >= template.per_page:
                raise BadInput(
                    f"There is no label {start_at} on the sheet, which has {template.per_page}: {template.title}."
                )
            found.append(Portion(template, counts[size], first))
    return found


# --- Printing --------------------------------------------------------------------------------------------------------


class _Output(Protocol):
    def add(self, marks: list[Mark], copies: int) -> None: ...

    def close(self) -> None: ...


class LabelFiles:
    """The files with the labels of ``portion``, stored with ``batch`` one after the other.

    ``kinds`` are ``pdf`` and ``zpl``, or one of them; ``resolution`` is that of the printer for ZPL, in dots per inch. Use it as
    a context manager, so that temporary files are released.
    """

    def __init__(
        self,
        setup: LabelSetup,
        context: HandlerContext,
        batch: Labels,
        portion: Portion,
        kinds: Sequence[str],
        resolution: str,
    ) -> None:
        self._setup, self._context, self._batch, self._template = setup, context, batch, portion.template
        self._kinds, self._dots = kinds, DOTS[resolution]
        self._day = setup.day_text(context.today)
        self._typesetter = Typesetter(portion.template, setup.fonts)
        # Where the first file begins, and the labels in the present one, with those before it on its first sheet.
        self._first = self._used = portion.first
        self._number = 1
        self._outputs: dict[str, tuple[_Output, BinaryIO]] = {}

    def __enter__(self) -> Self:
        """Return the files."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Release the temporary files."""
        for _, file in self._outputs.values():
            file.close()

    def add(self, row: Any) -> None:
        """Print the labels of ``row``."""
        if not self._outputs:
            self._open()
        marks = self._typesetter.marks(self._setup.fields_of(row, self._day))
        for output, _ in self._outputs.values():
            output.add(marks, row.copies)
        self._used += row.copies
        if self._used >= MOST_LABELS and self._used % self._template.per_page == 0:
            self.store()

    def _open(self) -> None:
        # Reportlab takes longer to import than commands take to start.
        from batchbook.types.labels.pdf import LabelPdf

        for kind in self._kinds:
            file = cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - Closed by __exit__.
            output: _Output = (
                LabelPdf(file, self._template, self._setup.fonts, f"Labels {self._batch.number}", self._first)
                if kind == PDF
                else LabelZpl(file, self._template, self._dots)
            )
            self._outputs[kind] = output, file

    def store(self) -> None:
        """Finish the present files, and store them with the batch."""
        number = f"-{self._number}" if self._number > 1 else ""
        for kind, (output, file) in self._outputs.items():
            output.close()
            name = f"labels-{self._batch.number}-{self._template.size}{number}.{kind}"
            file.seek(0)
            store_file(self._context, self._batch, name, file, "output")
            file.close()
        self._outputs = {}
        self._number += 1
        self._first = self._used = 0


def print_labels(batch: Labels, rows: Rows, files: Mapping[str, LabelFiles]) -> Iterator[int]:
    """Print ``rows`` into the ``files`` of their sizes; yield the number of rows that are done, after each chunk."""
    done = 0
    for chunk in rows.chunks(_CHUNK):
        for row in chunk:
            files[row.label_size or batch.label_size].add(row)
            done += 1
        yield done
    for one in files.values():
        one.store()


SETTINGS = (LOCALE, CURRENCY)
