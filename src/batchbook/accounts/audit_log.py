"""The page of the audit log: who signed in, was refused something, changed users, roles or settings, or took data out."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from sqlalchemy import Row, literal

from batchbook.grid import Column, Kind, Sort, choices_of, columns_of, label_of
from batchbook.master import GRID_PAGES, Detail, Index, MasterView
from batchbook.security.audit_log import BATCH, FILE, PAGE, ROLE, SETTING, USER, VIEW
from batchbook.security.models import AuditEntry
from batchbook.web.request import Request

_DETAIL = Column("summary", "Detail", AuditEntry.detail["text"].as_string(), Kind.TEXT)


_TARGET_KIND = Column(
    "target_kind",
    "Kind of target",
    AuditEntry.target_kind,
    Kind.CHOICE,
    choices=choices_of((kind, kind.capitalize()) for kind in (USER, ROLE, BATCH, PAGE, FILE, SETTING, VIEW)),
)


def batch_path(request: Request, entry: Row[Any]) -> str | None:
    """Return the address of the batch that an event happened to; ``None`` if it happened to something else."""
    number = entry._mapping["target"][:8]
    if entry._mapping["target_kind"] != BATCH or not number.isdigit():
        return None
    path: str = request.route_path("batches.find", number=number)
    return path


class AuditLogView(MasterView):
    """All events of the audit log, newest first: to be searched and exported, never changed."""

    model = AuditEntry
    prefix = "audit-log"
    path = "/audit-log"
    title = "Audit log"
    title_one = "event"
    title_many = "events"
    description = "Sign-ins and refused attempts, changes of users, roles and settings, exports and downloads. Newest first."
    grid_columns = (
        *columns_of(AuditEntry, ("at", "event", "actor", "acted_by")),
        _TARGET_KIND,
        Column("target", "Target", AuditEntry.target, Kind.TEXT, link="batch"),
        _DETAIL,
        *columns_of(AuditEntry, ("address", "request_id")),
    )
    default_sort = (Sort("at", descending=True),)
    pages = (Index, Detail, *GRID_PAGES)
    links: ClassVar = {"batch": batch_path}
    templates: ClassVar = {"index": "batchbook.templates:accounts/audit_log.jinja2"}

    @property
    def related(self) -> list[tuple[str, str]]:
        """The titles and addresses of the pages of retention that the person may see, if the application has them."""
        views = self.request.registry.introspector.get_category("master views", ())
        found = {one.prefix: one for item in views for one in [item["introspectable"]["view"]]}
        return [
            (found[prefix].title, self.request.route_path(f"{prefix}.index"))
            for prefix in ("retention", "legal-holds", "tombstones")
            if prefix in found and self.request.identity.may(found[prefix].permission("view"))
        ]

    def facts(self, record: AuditEntry) -> list[tuple[Column, Any]]:
        """Return the columns of the event, with all that is known about it."""
        detail = [
            (
                Column(name, label_of(name), literal(name), Kind.TEXT),
                value if isinstance(value, str) else json.dumps(value),
            )
            for name, value in (record.detail or {}).items()
        ]
        return [*super().facts(record), *detail]
