"""The security policy: the identity behind each request, and its permissions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import RequestLocalCache
from pyramid.security import Allowed, Denied
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from zope.interface import implementer

from batchbook.db import utc_now
from batchbook.db.transactions import SAFE_METHODS
from batchbook.errors import BatchbookError, Refused
from batchbook.security.identity import OWN_ACCOUNT, SIGNED_IN, Identity, grants, load_identity
from batchbook.security.models import User, normal_name
from batchbook.security.sessions import end_session, open_session, prolong_session, session_hash
from batchbook.security.settings import SecuritySettings

#: The header of requests that a page sends by itself, which do not keep a session open.
BY_ITSELF = "X-By-Itself"


@runtime_checkable
class Refusing(Protocol):
    """A context that decides itself which permissions it grants; for any other context, the user's roles decide."""

    @abstractmethod
    def refusal(self, identity: Identity, permission: str) -> BatchbookError | None:
        """Return the error by which ``permission`` is refused to ``identity``, or ``None`` if it is granted.

        The error page shows its message, with the status of its class: ``Refused`` if the user may not do this (403),
        ``Conflict`` if the state of the record forbids it (409).
        """


class PermissionDenied(Denied):
    """The denial of a permission, with the ``error`` to show; ``None`` for a visitor who is not signed in."""

    error: BatchbookError | None = None


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """A policy that denies by default.

    A context that is :class:`Refusing` decides; for any other, the permissions of the user's roles do. This is the only
    place that asks, and it asks once. Visitors who are not signed in are denied every permission.
    """

    def __init__(self) -> None:
        self._identities = RequestLocalCache(_load)

    def identity(self, request: Any) -> Identity | None:
        """Return the identity of the signed-in user, or ``None``; it is loaded once per request."""
        identity: Identity | None = self._identities.get_or_create(request)
        return identity

    def authenticated_userid(self, request: Any) -> str | None:
        """Return the login name of the signed-in user, or ``None``."""
        identity = self.identity(request)
        return identity.name if identity else None

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        """Return Pyramid's ``Allowed``, or a :class:`PermissionDenied` whose ``error`` gives the reason."""
        identity = self.identity(request)
        if identity is None:
            return PermissionDenied("nobody has %s", permission)
        error = _refusal(identity, context, permission)
        if error is None:
            return Allowed("%s has %s", identity.name, permission)
        denied = PermissionDenied("%s has no %s", identity.name, permission)
        denied.error = error
        return denied

    def remember(self, request: Any, userid: str, **_options: Any) -> list[tuple[str, str]]:
        """Sign the user with this login name in, in the request's transaction; the response callback sets the cookie."""
        user = request.db.scalars(select(User).where(User.name == normal_name(userid))).one()
        open_session(request.db, user.id, request)
        return []

    def forget(self, request: Any, **_options: Any) -> list[tuple[str, str]]:
        """Sign this browser out, in the request's transaction; the response callback sets the cookie."""
        end_session(request.db, request)
        return []

    def forget_identity(self, request: Any) -> None:
        """Treat the request as that of a visitor from here on, because its identity cannot be loaded."""
        self._identities.set(request, None)


def _load(request: Any) -> Identity | None:
    session_id = request.session_cookie.received
    if not session_id:
        return None
    engine: Engine = request.services.get(Engine)
    settings: SecuritySettings = request.services.get(SecuritySettings)
    # A page that asks by itself how far a job is, or tells by itself that a cell is still open, does not show that
    # anybody is there. It asks for JSON; a request that is no GET carries a header.
    asks_by_itself = BY_ITSELF in request.headers or (
        request.method in SAFE_METHODS and "text/html" not in request.headers.get("Accept", "text/html")
    )
    prolong = None if asks_by_itself else lambda session: prolong_session(engine, session, settings)
    return load_identity(engine, session_hash(session_id), prolong)


class PasswordChangeNeeded(Refused):
    """A refusal of everything, because the user must choose a password first."""

    def __init__(self) -> None:
        super().__init__(
            "Your password was set by somebody else, so choose one of your own first, on your account page. Nothing was changed."
        )


class PasswordNeeded(Refused):
    """A refusal of something for which the password is asked again, because it was typed too long ago."""

    def __init__(self) -> None:
        super().__init__("Nothing was done yet. Confirm your password first, then do it once more.")


def demand_recent_password(request: Any, permission: str) -> None:
    """Raise :class:`PasswordNeeded` if the settings ask for the password again for what ``permission`` permits."""
    settings: SecuritySettings = request.services.get(SecuritySettings)
    if not settings.ask_password_for or not grants(settings.ask_password_for, permission):
        return
    identity = request.identity
    if identity is not None and (identity.confirmed_at or utc_now()) + settings.recent_length < utc_now():
        raise PasswordNeeded


def recent_password_view(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
    """View deriver: ask for the password again before a view for whose permission the settings demand that."""
    permission = info.options.get("permission")
    if not isinstance(permission, str) or info.exception_only:
        return view

    def ask_and_call(context: Any, request: Any) -> Any:
        demand_recent_password(request, permission)
        return view(context, request)

    return ask_and_call


def _refusal(identity: Identity, context: Any, permission: str) -> BatchbookError | None:
    if permission == OWN_ACCOUNT:
        return None
    if identity.must_change_password:
        return PasswordChangeNeeded()
    if permission == SIGNED_IN:
        return None
    if isinstance(context, Refusing):
        return context.refusal(identity, permission)
    return None if grants(identity.permissions, permission) else Refused()


def identity_or_nobody(request: Any) -> Identity | None:
    """Return the identity of the signed-in user, or ``None`` if the database does not answer.

    For error pages; ``request.identity`` is the same from here on.
    """
    try:
        identity: Identity | None = request.identity
    except SQLAlchemyError:
        request.registry.getUtility(ISecurityPolicy).forget_identity(request)
        return None
    return identity
