"""Who may do what: users, roles, sessions, sign-in, CSRF, headers, and the rule that every view names a permission."""

from __future__ import annotations

from typing import Any

from batchbook.security.identity import SIGNED_IN, Identity, grants, grants_any
from batchbook.security.passwords import dummy_hash
from batchbook.security.policy import SecurityPolicy
from batchbook.security.sessions import SessionCookie
from batchbook.security.settings import SecuritySettings, read_settings
from batchbook.security.view_rules import SessionCSRFPolicy
from batchbook.services import services_of

__all__ = ["SIGNED_IN", "Identity", "grants", "grants_any", "includeme"]


def includeme(config: Any) -> None:
    """Install the security of the application. Needs ``batchbook.db``."""
    settings = read_settings(config.registry.settings)
    services_of(config.registry).add(SecuritySettings, settings)
    dummy_hash()  # Made now, or the first unknown user would take twice as long as the others.
    config.add_request_method(SessionCookie, "session_cookie", reify=True)
    config.set_security_policy(SecurityPolicy())
    config.set_csrf_storage_policy(SessionCSRFPolicy(settings.secret))
    for part in ("view_rules", "views", "account"):
        config.include(f"batchbook.security.{part}")
