"""Security of the application: users, roles, sessions, sign-in, permissions, CSRF, headers."""

from __future__ import annotations

from typing import Any

from batchbook.security.identity import SIGNED_IN, Identity, grants, grants_any
from batchbook.security.settings import SecuritySettings, read_settings
from batchbook.services import services_of

__all__ = ["SIGNED_IN", "Identity", "grants", "grants_any", "include_services", "includeme"]


def includeme(config: Any) -> None:
    """Install the security of the application. Needs ``batchbook.db``."""
    include_services(config)
    config.include("batchbook.security.routes")


def include_services(config: Any) -> None:
    """Read the security settings. Commands check them as well."""
    services_of(config.registry).add(SecuritySettings, read_settings(config.registry.settings))
