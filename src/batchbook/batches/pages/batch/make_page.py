"""The form of a batch that is made of rows of another one, or of records chosen in their grid, and the menus that lead to it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from batchbook.batches.engine.engine import Result
from batchbook.batches.engine.making import make_batch
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.pages.batch.header_forms import CreateBatch, populate_if_plain
from batchbook.batches.pages.batch_page import sent_texts
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.bulk_edits import rows_reference
from batchbook.batches.sources.choosing import (
    choose_records,
    choose_rows_in_grid,
    types_made_of_records,
    types_made_of_rows,
)
from batchbook.batches.sources.chosen_rows import ChosenRows
from batchbook.db.base import scalar_defaults
from batchbook.errors import BadInput, Missing
from batchbook.forms import BoundForm, Form
from batchbook.grid import GridState
from batchbook.master import Caller, GridReference, MasterView
from batchbook.master.grid_sources import INDEX
from batchbook.master.links import MenuLink
from batchbook.master.routes import view_called
from batchbook.web.request import Request

#: The parameter of the address that tells what to make a batch of, and the beginnings of its value.
OF, _BATCH, _LIST = "of", "batch-", "list-"
#: The digits of the highest number of a batch.
_MOST_DIGITS = len(str(HIGHEST_NUMBER))
#: The field of the form with the number of rows that it showed.
COUNT = "count"


class MakeBatch(CreateBatch):
    """A form for a batch of the rows, or of the records, that match the filters in the address."""

    name = "make"
    pattern = "/make"
    template = "batchbook.templates:batches/make.jinja2"
    button = ""

    def get(self) -> dict[str, Any]:
        """Show the form with the values of the batch that the rows are of, and the defaults of a new one."""
        preset = scalar_defaults(self.view.model.__mapper__.columns)
        return self._form(self._fields().bind(preset | self._chosen.header))

    def _create(self, bound: BoundForm) -> tuple[Batch, Result]:
        """Make the batch, and have it populated."""
        engine, texts = self.view.engine, sent_texts(bound, self.request.POST)
        if (shown := self.request.POST.get(COUNT)) != str(self._chosen.count):
            raise BadInput(
                f"The rows changed since you opened this form: there were {shown or 'some'}, and now it would get"
                f" {self._chosen.words}. Nothing was made yet. Make the batch again if that is right."
            )
        conventions = self.request.conventions
        batch = make_batch(engine, self.view.batch_type.key, texts, self._chosen, conventions=conventions)
        return batch, populate_if_plain(self.request, engine, batch)

    def _fields(self) -> Form:
        return Form(self.view.form(None).fields, conventions=self.request.conventions)

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        return super()._form(bound) | {"chosen": self._chosen, "of_url": self._of_url}

    @cached_property
    def _of(self) -> Batch | type[MasterView]:
        """The batch, or the master view of the records, in the address; raises ``Missing`` if there is none."""
        text = self.request.GET.get(OF, "")
        number = text.removeprefix(_BATCH)
        # Python refuses to read numbers of thousands of digits.
        if text != number and number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS:
            return self.view.engine.find(int(number))
        if text.startswith(_LIST):
            return view_called(self.request.services, text.removeprefix(_LIST))
        raise Missing(
            "The address doesn't say which rows to make a batch of. Go to their list, and choose from its menu."
        )

    @cached_property
    def _chosen(self) -> ChosenRows:
        """The rows or records that the person chose, as far as they may be seen."""
        of, batch_type = self._of, self.view.batch_type
        caller = Caller(self.request.services, self.request.db, self.request.identity)
        query = [pair for pair in self.request.GET.items() if pair[0] != OF]
        if isinstance(of, Batch):
            reference = GridReference(*_plain(rows_reference(of)), query)
            return choose_rows_in_grid(self.view.engine.context_of(of), batch_type, reference.open(caller))
        opened = GridReference(INDEX, {"view": of.prefix, "permission": "view"}, query).open(caller)
        many = of.title_many or of.title.lower()
        return choose_records(batch_type, of.model, opened, of.title_one, many)

    @property
    def _of_url(self) -> str:
        of = self._of
        if isinstance(of, Batch):
            path = self.request.route_path(f"batches.{of.type}.view", id=of.id)
        else:
            path = self.request.route_path(f"{of.prefix}.index")
        return str(path)


def _plain(reference: GridReference) -> tuple[str, Any]:
    return reference.source, reference.arguments


def rows_menu_links(request: Request, batch: Batch, state: GridState) -> list[MenuLink]:
    """Return the links to the forms of the types that are made of the rows of ``batch`` that match ``state``."""
    types = request.services.get(BatchTypes)
    found = types_made_of_rows(types, request.identity.permissions, batch.type)
    offered = batch.kept_count and batch.refusal(Action.MAKE) is None
    return [_link(request, one, f"{_BATCH}{batch.id}", state) for one in found] if offered else []


def records_menu_links(view: MasterView, state: GridState) -> list[MenuLink]:
    """Return the links to the forms of the types that are made of the records of ``view`` that match ``state``."""
    request = view.request
    found = types_made_of_records(request.services.get(BatchTypes), request.identity.permissions, view.model)
    return [_link(request, one, f"{_LIST}{view.prefix}", state) for one in found]


def _link(request: Request, batch_type: Any, of: str, state: GridState) -> MenuLink:
    query = [(OF, of), *state.at_page(1).to_query()]
    return MenuLink(
        f"{batch_type.title}…", request.route_path(f"batches.{batch_type.key}.make", _query=query)
    )
