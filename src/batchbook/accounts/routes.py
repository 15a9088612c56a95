"""Routes of users, roles and the audit log: their master views, with their entries in the navigation."""

from __future__ import annotations

from typing import Any

from pyramid.config import PHASE3_CONFIG

from batchbook.accounts.audit_log import AuditLogView
from batchbook.accounts.known_permissions import refuse_unknown_confirmed
from batchbook.accounts.roles import RoleView
from batchbook.accounts.users import UserView


def includeme(config: Any) -> None:
    """Register the views of users, roles and the audit log, with their entries in the navigation."""
    for order, view in enumerate((UserView, RoleView, AuditLogView), start=90):
        config.add_master_view(view)
        config.add_navigation(
            view.title, f"{view.prefix}.index", view.permission("view"), "Administration", order
        )
    config.action(
        "confirmed permissions",
        lambda: refuse_unknown_confirmed(config.registry),
        order=PHASE3_CONFIG + 1,  # All views are there by then.
    )
