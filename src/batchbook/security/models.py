"""Models of users, roles, web sessions, counters of login attempts, what people are editing, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, String, Table, false
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from batchbook.db import USER_NAME, Base, utc_now
from batchbook.db.base import SIDE_FILE


def normal_name(text: str) -> str:
    """Return a login name as it is stored and compared: without surrounding spaces, in lower case."""
    return text.strip().lower()


user_role = Table(
    "user_role",
    Base.metadata,
    Column("user_id", Integer, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", Integer, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class User(Base):
    """A person who may sign in. Users who leave are switched off (``active``), not deleted, because records name them.

    ``name`` is the unique login name, always in lower case. ``password_hash`` is ``None`` for a user who has no password
    yet and cannot sign in. ``must_change_password`` is set where somebody else knows the password.
    """

    __tablename__ = "user_account"  # "user" alone is a reserved word of PostgreSQL.

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True, info={"label": "User name"})
    full_name: Mapped[str] = mapped_column(String(200), default="", info={"label": "Full name"})
    email: Mapped[str | None] = mapped_column(String(254), info={"label": "Email"})
    password_hash: Mapped[str | None] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    active: Mapped[bool] = mapped_column(default=True, info={"label": "Active"})
    timezone: Mapped[str | None] = mapped_column(String(64), info={"label": "Time zone"})
    number_format: Mapped[str | None] = mapped_column(String(16), info={"label": "Number format"})
    version: Mapped[int] = mapped_column(default=1)
    roles: Mapped[list[Role]] = relationship(
        secondary=user_role, back_populates="users", order_by="Role.name"
    )
    sessions: Mapped[list[WebSession]] = relationship(back_populates="user", passive_deletes=True)

    @validates("name")
    def _store_normal_name(self, _key: str, name: str) -> str:
        return normal_name(name)


class Role(Base):
    """A named set of permissions, given to users. ``name`` is unique; pages show ``label``."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True, info={"label": "Name"})
    label: Mapped[str] = mapped_column(String(100), info={"label": "Label"})
    description: Mapped[str] = mapped_column(String(500), default="", info={"label": "Description"})
    version: Mapped[int] = mapped_column(default=1)
    users: Mapped[list[User]] = relationship(secondary=user_role, back_populates="roles", order_by=User.name)
    permissions: Mapped[list[RolePermission]] = relationship(
        back_populates="role", cascade="all, delete-orphan", order_by="RolePermission.permission"
    )


class RolePermission(Base):
    """One permission of a role, which may have ``*`` segments; see :mod:`batchbook.security.identity`."""

    __tablename__ = "role_permission"

    role_id: Mapped[int] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(200), primary_key=True)
    role: Mapped[Role] = relationship(back_populates="permissions")


class WebSession(Base):
    """The session of one signed-in browser. ``id`` is the SHA-256 (hex) of the cookie's id, which itself is never stored.

    ``confirmed_at`` is when the password was last typed; ``None`` if that was at sign-in only.
    """

    __tablename__ = "web_session"
    __table_args__ = ({"info": {SIDE_FILE: True}},)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    user: Mapped[User] = relationship(back_populates="sessions")


class LoginAttempt(Base):
    """A counter of login attempts in one window of time. ``key`` is the SHA-256 (hex) of the name, the address, or both."""

    __tablename__ = "login_attempt"
    __table_args__ = ({"info": {SIDE_FILE: True}},)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Presence(Base):
    """A cell that a person is editing on a page, until ``expires_at``.

    ``place`` names what the page shows, such as one batch; ``key`` and ``field`` are those of the cell.
    """

    __tablename__ = "presence"
    __table_args__ = ({"info": {SIDE_FILE: True}},)

    place: Mapped[str] = mapped_column(String(80), primary_key=True)
    user_name: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    field: Mapped[str] = mapped_column(String(60))
    expires_at: Mapped[datetime]


class _AuditColumns:
    """The columns of an event in the audit log.

    ``key`` is random: by it, an event that was written aside is moved once. ``actor`` is null for a visitor who is not signed
    in and for the administrator of the machine; ``acted_by`` tells what acted on the actor's behalf, such as "job 12".
    ``target_kind`` and ``target`` name what the event happened to.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[datetime] = mapped_column(index=True, info={"seconds": True})
    event: Mapped[str] = mapped_column(String(60), index=True)
    actor: Mapped[str | None] = mapped_column(String(64), index=True, info=USER_NAME)
    acted_by: Mapped[str | None] = mapped_column(String(64))
    target_kind: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(200), index=True)
    detail: Mapped[dict[str, Any] | None]
    address: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str | None] = mapped_column(String(16))


class AuditEntry(_AuditColumns, Base):
    """An event in the audit log. The table is append-only."""

    __tablename__ = "audit_log"

    # Always null, since no batch makes entries by being executed; ``append_only`` needs the column.
    batch_id: Mapped[int | None]


class PendingAuditEntry(_AuditColumns, Base):
    """An event that waits in the side file of a SQLite database to be moved to the audit log."""

    __tablename__ = "pending_audit_log"
    __table_args__ = ({"info": {SIDE_FILE: True}},)
