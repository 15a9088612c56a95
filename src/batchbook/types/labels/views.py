"""The pages of labels, with a preview of the first ones of each size as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar

from pyramid.response import Response
from sqlalchemy import func, select

from batchbook.batches import BATCH_PAGES, Action, BatchMasterView, BatchPage, RowTable
from batchbook.catalog.models import Department, Vendor
from batchbook.errors import Missing
from batchbook.forms import Form
from batchbook.grid import Choice, GridLayout
from batchbook.types.labels.models import PRINTABLE, LabelRow
from batchbook.types.labels.printing import LabelSetup
from batchbook.types.labels.svg import page_as_svg
from batchbook.types.labels.templates import LabelSize, LabelTemplate
from batchbook.types.labels.typesetting import Typesetter

#: The most vendors that the form suggests, and the labels of a roll that are shown.
_VENDORS, _OF_A_ROLL = 500, 9
#: The columns that are printed.
_PRINTED = ("item_code", "description", "size", "unit", "upc", "price")


class _LabelPage(BatchPage):
    """A page that shows labels as they would be printed."""

    permission = Action.VIEW.value

    @property
    def setup(self) -> LabelSetup:
        """How labels are printed at this shop."""
        setup: LabelSetup = self.view.batch_type.services["setup"]
        return setup

    def template_of(self, size: str) -> LabelTemplate:
        """Return the template of labels of ``size`` of the batch."""
        batch: Any = self.batch
        return self.setup.templates.get(batch.paper, size)

    def rows_of(self, size: str) -> Any:
        """Return the condition for the rows with labels of ``size`` that can be printed."""
        batch: Any = self.batch
        of_size = func.coalesce(LabelRow.label_size, batch.label_size) == size
        rows = self.action_context.rows()
        return rows.narrowed(LabelRow.status.in_(PRINTABLE), of_size).where


class PreviewLabels(_LabelPage):
    """The first labels of each size, before they are printed."""

    name = "preview"
    pattern = "/preview"
    template = "batchbook.templates:types/labels/preview.jinja2"
    button = "Preview labels"

    @classmethod
    def offered(cls, view: Any, record: Any) -> bool:  # noqa: ARG003 - The batch decides, whatever its type.
        """Offer the page while there are labels to be printed."""
        return not record.is_final and bool(record.count_of(*PRINTABLE))

    def get(self) -> dict[str, Any]:
        """Count the labels of each size, and show a picture of the first sheet."""
        found = ((size, self._count(size)) for size in LabelSize)
        shown = [(size, self.template_of(size), *counts) for size, counts in found if counts[0]]
        batch: Any = self.batch
        shown.sort(key=lambda one: one[0] != batch.label_size)
        return self.template_values(
            sizes=[
                {
                    "name": size.value,
                    "title": template.title,
                    "labels": labels,
                    "sheets": -(-labels // template.per_page) if template.sheet else 0,
                    "rows": rows,
                    "picture": self.view.url("preview_picture", batch, size=size.value),
                }
                for size, template, rows, labels in shown
            ]
        )

    def _count(self, size: str) -> tuple[int, int]:
        """Return the number of rows with labels of ``size``, and of the labels."""
        counts = select(func.count(), func.coalesce(func.sum(LabelRow.copies), 0)).where(self.rows_of(size))
        rows, labels = self.request.db.execute(counts).one()
        return int(rows), int(labels)


class PreviewPicture(_LabelPage):
    """A picture of the first sheet of labels of a size; of a roll, of its first labels."""

    name = "preview_picture"
    pattern = "/preview/{size:[a-z]{1,10}}.svg"

    def get(self) -> Response:
        """Send the picture, with empty places for what the person may not see."""
        size = self.request.matchdict["size"]
        if size not in list(LabelSize):
            raise Missing(f"There are no labels of the size “{size}”.")
        template = self.template_of(size)
        most = template.per_page if template.sheet else _OF_A_ROLL
        source = page_as_svg(template, [*islice(self._labels(size, most), most)], title=template.title)
        return Response(source.encode(), content_type="image/svg+xml", charset="utf-8")

    def _labels(self, size: str, most: int) -> Any:
        typesetter = Typesetter(self.template_of(size), self.setup.fonts)
        context = self.action_context
        seen = [name for name in _PRINTED if context.access.sees(name)]
        day = self.setup.day_text(context.handler.context.today)
        wanted = select(LabelRow).where(self.rows_of(size)).order_by(LabelRow.sequence).limit(most)
        for row in self.request.db.scalars(wanted):
            fields = self.setup.fields_of(row, day)
            marks = typesetter.marks({name: fields[name] for name in (*seen, "date")})
            yield from [marks] * row.copies


class LabelView(BatchMasterView):
    """Labels."""

    description = (
        "Shelf labels with prices and barcodes, for products of the catalogue, of a list, or that you scan."
    )
    pages = (
        *(
            page
            for known in BATCH_PAGES
            for page in ((known, PreviewLabels, PreviewPicture) if known.name == Action.REFRESH else (known,))
        ),
    )
    row_table = RowTable(
        ("item_code", "description", "size", "price", "unit", "upc", "label_size", "copies"),
        filter_columns=("given_price", "catalogue_price"),
        # The status is in sight beside an open panel, at 1440 pixels.
        layout=GridLayout(frozen=2, widths={"description": 190, "size": 80, "unit": 52, "upc": 124}),
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "Paper": ("paper", "label_size"),
        "Products from the catalogue": (
            "department",
            "vendor_code",
            "price_changed_since",
            "changed_since",
        ),
        "Or from a list": ("file", "pasted"),
        "Options": ("description", "notes"),
    }

    def form(self, record: Any | None) -> Form:
        """Return the header's form, with the papers named as the templates in use name them."""
        setup: LabelSetup = self.batch_type.services["setup"]
        titles = tuple(Choice(paper, title) for paper, title in setup.templates.titles().items())
        return Form(
            replace(field, column=replace(field.column, choices=titles)) if field.name == "paper" else field
            for field in super().form(record).fields
        )

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the names of the departments, and codes of vendors."""
        db = self.request.db
        return {
            "department": db.scalars(select(Department.name).order_by(Department.name)).all(),
            "vendor_code": db.scalars(select(Vendor.code).order_by(Vendor.code).limit(_VENDORS)).all(),
        }
