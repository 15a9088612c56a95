"""Users and roles: their pages, and the rules that keep at least one administrator."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the views of users, roles and the audit log. Needs ``batchbook.web`` and ``batchbook.master``."""
    # Imported here, so that a module of this package can be imported without pages.
    from pyramid.config import PHASE3_CONFIG

    from batchbook.accounts.audit_log import AuditLogView
    from batchbook.accounts.known_permissions import refuse_unknown_confirmed
    from batchbook.accounts.roles import RoleView
    from batchbook.accounts.users import UserView

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
