"""Pages of retention: policies by type, legal holds with their reasons, and tombstones of purged batches."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Row

from batchbook.batches.models import Batch, number_in_sql
from batchbook.batches.pages.view import type_column
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import LegalHold, RetentionPolicy, Tombstone, is_held
from batchbook.forms import Field, Form, form_of
from batchbook.grid import Column, Kind, Sort, columns_of
from batchbook.master import GRID_PAGES, PAGES, Create, Detail, Index, Invalid, MasterView, RecordHooks
from batchbook.security.audit_log import BATCH, SETTING, record_change
from batchbook.services import services_of
from batchbook.web.request import Request


class PolicyHooks(RecordHooks):
    """Rules for policies: each is for a type that there is, and every change is in the audit log."""

    def after_save(self, record: RetentionPolicy) -> None:
        """Record the policy as it is now."""
        kept = "for good" if record.days is None else f"{record.days} days"
        record_change(self.request, "retention policy changed", record.type, f"kept {kept}", SETTING)

    def after_delete(self, record: RetentionPolicy) -> None:
        """Record that the declaration of the type holds again."""
        record_change(self.request, "retention policy deleted", record.type, kind=SETTING)


class _OfTypesView(MasterView):
    """A list in which each record has the key of a batch type, which is shown by its title."""

    types: ClassVar[BatchTypes]

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the columns, with the types by their titles."""
        return tuple(cls._titled(column) for column in super().columns())

    def facts(self, record: Any) -> list[tuple[Column, Any]]:
        """Return the columns of the record with their values, the type by its title."""
        return [(self._titled(column), value) for column, value in super().facts(record)]

    @classmethod
    def _titled(cls, column: Column) -> Column:
        return type_column(cls.types, cls.model.type, column.label) if column.name == "type" else column


class RetentionPolicyView(_OfTypesView):
    """The retention of each type of batches, in days."""

    model = RetentionPolicy
    prefix = "retention"
    path = "/retention"
    title = "Retention"
    title_one = "retention policy"
    title_many = "retention policies"
    description = (
        "For how many days executed batches of a type are kept; no number keeps them for good. A policy holds for batches that"
        " are executed from then on, and keeps earlier ones for at least as long. Without a policy the type decides."
    )
    grid_columns = ("type", "days")
    facts_fields = ("type", "days")
    default_sort = (Sort("type"),)
    hooks_factory = PolicyHooks
    pages = PAGES

    def form(self, record: RetentionPolicy | None) -> Form:
        """Return the fields of a policy. Its type is fixed once it exists."""
        choices = type_column(self.types).choices
        kind = Field.of("type", Kind.CHOICE, label="Batch type", choices=choices, required=True)
        return form_of(RetentionPolicy, ("days",) if record else (kind, "days"))

    def values_of(self, record: RetentionPolicy) -> dict[str, Any]:
        """The type and the days."""
        return {"type": record.type, "days": record.days}

    def label_of(self, record: RetentionPolicy) -> str:
        """Return the label, such as retention policy of Price change."""
        choice = type_column(self.types).choice_of(record.type)
        return f"retention policy of {choice.label if choice else record.type}"


class HoldHooks(RecordHooks):
    """Rules for entries of holds: the batch is there, and is not held, or not released, twice."""

    def before_save(self, record: LegalHold, values: dict[str, Any]) -> None:
        """Lock the batch, so that it is not purged at this moment, and check that the entry changes something."""
        db, number = self.request.db, values["number"]
        if db.get(Batch, number, with_for_update={"of": Batch}) is None:
            raise Invalid({"number": f"There is no batch {number:08d}."})
        if bool(db.scalar(is_held(number).select())) == values["placed"]:
            state = "is already under a legal hold" if values["placed"] else "is not under a legal hold"
            raise Invalid({"number": f"Batch {number:08d} {state}."})
        record.actor = self.request.identity.name

    def after_save(self, record: LegalHold) -> None:
        """Record the entry."""
        event = "legal hold placed" if record.placed else "legal hold released"
        record_change(self.request, event, f"{record.number:08d}", record.reason, BATCH)

    def why_not_delete(self, record: LegalHold) -> str | None:
        """Return that entries stay."""
        return f"The {self.view.label_of(record)} stays: release the batch by an entry of its own."


def batch_path(request: Request, entry: Row[Any]) -> str:
    """Return the address of the batch that an entry is about."""
    path: str = request.route_path("batches.find", number=f"{entry._mapping['number']:08d}")
    return path


class LegalHoldView(MasterView):
    """Legal holds on single batches: entries that place or release one, of which the latest counts."""

    model = LegalHold
    prefix = "legal-holds"
    path = "/legal-holds"
    title = "Legal holds"
    title_one = "legal hold"
    description = (
        "A batch under a legal hold is not purged, whatever its retention: the database refuses it. The latest entry about a"
        " batch counts."
    )
    grid_columns = (
        *columns_of(LegalHold, ("at",)),
        Column("batch", "Batch", number_in_sql(LegalHold.number), Kind.TEXT, link="batch"),
        Column("placed", "Held", LegalHold.placed, Kind.BOOLEAN),
        *columns_of(LegalHold, ("reason", "actor", "acted_by")),
    )
    filter_columns = (Column("number", "Batch number", LegalHold.number, Kind.INTEGER),)
    facts_fields = ("number", "placed", "reason", "at", "actor", "acted_by")
    form_fields = ("number", "placed", "reason")
    carried = ("number",)
    default_sort = (Sort("at", descending=True),)
    hooks_factory = HoldHooks
    pages = (Index, Create, Detail, *GRID_PAGES)
    links: ClassVar = {"batch": batch_path}

    def label_of(self, record: LegalHold) -> str:
        """Return the label, such as legal hold on batch 00000001."""
        return f"legal hold on batch {record.number:08d}"


class TombstoneView(_OfTypesView):
    """Tombstones: the records that remain of purged batches."""

    model = Tombstone
    prefix = "tombstones"
    path = "/tombstones"
    title = "Purged batches"
    title_one = "purged batch"
    title_many = "purged batches"
    lookup = "number"
    description = (
        "Executed batches that were deleted after their retention: what they were, and who purged them when."
    )
    grid_columns = (
        Column("batch", "Batch", number_in_sql(Tombstone.number), Kind.TEXT),
        *columns_of(
            Tombstone,
            ("type", "executed_at", "executed_by", "rows", "operations", "cells", "files", "seal"),
        ),
        *columns_of(Tombstone, ("purge_after", "purged_at", "purged_by", "acted_by")),
    )
    filter_columns = (Column("number", "Batch number", Tombstone.number, Kind.INTEGER),)
    carried = ("number",)
    default_sort = (Sort("purged_at", descending=True),)
    pages = (Index, Detail, *GRID_PAGES)

    def label_of(self, record: Tombstone) -> str:
        """Return the label, such as purged batch 00000001."""
        return f"purged batch {record.number:08d}"


def includeme(config: Any) -> None:
    """Register the views. The page of the audit log leads to them."""
    types = services_of(config.registry).get(BatchTypes)
    config.add_master_view(LegalHoldView)
    for view in (RetentionPolicyView, TombstoneView):
        config.add_master_view(type(view.__name__, (view,), {"types": types}))
