"""``config.add_batch_pages``: checks the view class of a batch type, then registers its pages."""

from __future__ import annotations

from itertools import chain
from typing import Any

from pyramid.exceptions import ConfigurationError

from batchbook.batches import access
from batchbook.batches.directives import check_class
from batchbook.batches.editing import editable_columns
from batchbook.batches.lifecycle import Action, BatchPermission
from batchbook.batches.pages.batch.header_forms import FILE_FIELD, PASTED_FIELD
from batchbook.batches.pages.routes import bound_view
from batchbook.batches.pages.view import BatchMasterView
from batchbook.batches.registry import BatchType
from batchbook.forms import form_of


def add_batch_pages(config: Any, batch_type: BatchType) -> None:
    """Directive: register the pages of ``batch_type``, and its entry in the navigation.

    Raises ``ConfigurationError`` where its view class cannot work.
    """
    check_class(batch_type.key, "view", batch_type.view, BatchMasterView)
    view = bound_view(batch_type.view, batch_type)
    config.add_master_view(view)
    _check_view(batch_type, view)
    readers = tuple(
        access.permission(batch_type.key, name) for name in (BatchPermission.VIEW, BatchPermission.AUDIT)
    )
    config.add_navigation(
        batch_type.title_plural, f"batches.{batch_type.key}.index", readers, group="Batches", order=20
    )


def _check_view(batch_type: BatchType, view: type[BatchMasterView]) -> None:
    try:
        view.row_table.all_columns(batch_type.row, batch_type.handler.statuses)
        _check_header_form(view)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"The view of batch type {batch_type.key!r} cannot work: {error}") from error
    unknown = [page.__name__ for page in view.pages if page.on_record and page.permission not in list(Action)]
    if unknown:
        raise ConfigurationError(
            f"The view of batch type {batch_type.key!r} has pages of a batch whose permission is no action of the"
            f" lifecycle: {', '.join(unknown)}."
        )


def _check_header_form(view: type[BatchMasterView]) -> None:
    """Raise ``ValueError`` where the view names a field that the header's form does not have."""
    editable = {column.name for column in editable_columns(view.model, new=True)}
    for name in view.header_fields:
        if name not in editable:
            raise ValueError(
                f"header_fields has {name!r}, which is no name of an editable column of the header."
            )
    form_of(view.model, view.header_fields)
    fields = {*(view.header_fields or editable), FILE_FIELD, PASTED_FIELD}
    for name in chain.from_iterable(view.field_groups.values()):
        if name not in fields:
            raise ValueError(f"field_groups has {name!r}, which is no field of the header's form.")
