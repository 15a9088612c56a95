"""The registry of batch types, and the handlers that settings put in place of a type's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver

from batchbook.batches.handler import BatchHandler
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.hook_guard import guard_hooks
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.storage import RowTables
from batchbook.errors import Missing
from batchbook.settings import Setting

_HANDLERS = "batchbook.handler."

SETTINGS = (
    Setting(
        f"{_HANDLERS}<type>",
        "",
        "The handler class to use for the batch type with that key instead of its own, such as acme.prices:AcmeHandler.",
    ),
)


@dataclass(frozen=True)
class BatchType:
    """A registered batch type: its models, its names, and its handler class, which may come from a setting."""

    key: str
    header: type[Batch]
    rows: RowTables
    handler: type[BatchHandler[Any, Any]]
    #: The view class, or its dotted name, which is imported when a page or a worksheet needs it.
    view_name: type[Any] | str
    title: str
    title_plural: str
    #: The models of the append-only tables in which executions record their effects.
    records: tuple[type[Any], ...] = ()
    #: The objects that the type's handler works with besides the database, by name.
    services: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def view(self) -> Any:
        """The class of the type's pages, a :class:`~batchbook.batches.BatchMasterView`."""
        return DottedNameResolver().maybe_resolve(self.view_name)

    @property
    def path(self) -> str:
        """The type's part of a URL: its key with hyphens."""
        return self.key.replace("_", "-")

    @property
    def row(self) -> type[BatchRow]:
        """The row model that the type declares, with the columns that the rows of all its batches have."""
        return self.rows.declared

    def make_handler(self, context: HandlerContext, batch: Batch) -> BatchHandler[Any, Any]:
        """Return a handler for one action on ``batch``."""
        return self._handler(context, self.rows.of(batch))

    def make_rowless_handler(self, context: HandlerContext) -> BatchHandler[Any, Any]:
        """Return a handler that has only the declared row model, which is cheap for types with a table for each batch."""
        return self._handler(context, self.row)

    def _handler(self, context: HandlerContext, row: type[BatchRow]) -> BatchHandler[Any, Any]:
        handler = self.handler(context, self.header, row, self.services)
        guard_hooks(handler)
        return handler


class BatchTypes:
    """The registered batch types, by key. One per application, in ``services.get(BatchTypes)``."""

    def __init__(self, types: Iterable[BatchType] = ()) -> None:
        self._types: dict[str, BatchType] = {batch_type.key: batch_type for batch_type in types}

    def add(self, batch_type: BatchType) -> None:
        """Register ``batch_type``. Two types with the same key conflict earlier, in the configuration."""
        self._types[batch_type.key] = batch_type

    def __getitem__(self, key: str) -> BatchType:
        """Return the type called ``key``; raise :class:`batchbook.errors.Missing` if there is none."""
        try:
            return self._types[key]
        except KeyError:
            known = ", ".join(sorted(self._types)) or "none"
            raise Missing(f"There is no batch type “{key}”. Known types: {known}.") from None

    def __iter__(self) -> Iterator[BatchType]:
        """Iterate over the types in the order of their titles."""
        return iter(sorted(self._types.values(), key=lambda batch_type: batch_type.title))


def handler_setting(key: str) -> str:
    """Return the name of the setting that swaps the handler of the type ``key``."""
    return f"{_HANDLERS}{key}"


def swapped_handler(settings: Mapping[str, Any], key: str) -> str | None:
    """Return the dotted name of the handler class set for the type ``key``, such as ``acme.prices:AcmeHandler``."""
    return settings.get(handler_setting(key)) or None


def refuse_unknown_handlers(settings: Mapping[str, Any], types: BatchTypes) -> None:
    """Raise ``ConfigurationError`` if a setting swaps the handler of a type that is not included."""
    known = {handler_setting(batch_type.key) for batch_type in types}
    unknown = sorted(name for name in settings if name.startswith(_HANDLERS) and name not in known)
    if unknown:
        raise ConfigurationError(f"The setting {unknown[0]} names no batch type that is included.")
