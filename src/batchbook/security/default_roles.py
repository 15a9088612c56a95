"""Roles that ship with Batchbook; once stored, they are edited like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.security.models import Role, RolePermission


@dataclass(frozen=True)
class DefaultRole:
    """The label, description and permissions that a shipped role starts with."""

    label: str
    description: str
    permissions: tuple[str, ...]


#: The documents of purchasing, which batches make.
_DOCUMENTS = ("purchase-orders", "receipts", "payables")

DEFAULT_ROLES: Mapping[str, DefaultRole] = MappingProxyType(
    {
        "staff": DefaultRole(
            label="Staff",
            description="Prepares batches and keeps the catalogue; executes and deletes nothing.",
            permissions=(
                *(
                    f"{table}:{may}"
                    for table in ("products", "vendors", "departments", "vendor-items")
                    for may in ("view", "edit")
                ),
                *(f"{table}:export" for table in ("products", "vendors", "departments", "vendor-items")),
                *(f"{table}:{may}" for table in _DOCUMENTS for may in ("view", "export")),
                *(f"batch:*:{may}" for may in ("view", "create", "edit")),
            ),
        ),
        "admin": DefaultRole(
            label="Administrator",
            description="May do everything: executes and deletes batches, manages users and roles.",
            permissions=("*:*", "batch:*:*"),
        ),
        "auditor": DefaultRole(
            label="Auditor",
            description="Sees every executed batch and the catalogue; changes nothing.",
            permissions=(
                "batch:*:audit",
                *(
                    f"{table}:{may}"
                    for table in (
                        "audit-log",
                        "retention",
                        "legal-holds",
                        "tombstones",
                        "products",
                        "vendors",
                        "departments",
                        "vendor-items",
                        *_DOCUMENTS,
                    )
                    for may in ("view", "export")
                ),
            ),
        ),
    }
)


def install_default_roles(db: Session) -> None:
    """Add the shipped roles that are missing; roles that exist stay as they were edited."""
    present = set(db.scalars(select(Role.name)))
    for name, default in DEFAULT_ROLES.items():
        if name not in present:
            permissions = [RolePermission(permission=permission) for permission in default.permissions]
            db.add(
                Role(name=name, label=default.label, description=default.description, permissions=permissions)
            )
