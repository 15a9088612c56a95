"""The security policy: identity and permission of each request."""

from __future__ import annotations

from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import RequestLocalCache
from pyramid.security import Allowed, Denied
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from zope.interface import implementer

from batchbook.security.identity import SIGNED_IN, Identity, grants, load_identity
from batchbook.security.models import User, normal_name
from batchbook.security.sessions import end_session, open_session, session_hash


class PermissionDenied(Denied):
    """Pyramid's refusal, which also knows the ``permission`` that was asked for.

    ``reason`` is a sentence that says why, where the context knows more than that the roles do not allow it.
    """

    permission: str = ""
    reason: str | None = None


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """Denies unless told otherwise.

    A context may decide by a method ``permits(identity, permission)``; otherwise the permissions of the person's
    roles do. It may also have a method ``why_forbidden(identity, permission)`` that says why not. Somebody who is not signed in may nothing that names a permission.
    """

    def __init__(self) -> None:
        self._identities = RequestLocalCache(_load)

    def identity(self, request: Any) -> Identity | None:
        """Return who is signed in; asked once per request."""
        identity: Identity | None = self._identities.get_or_create(request)
        return identity

    def authenticated_userid(self, request: Any) -> str | None:
        """Return the login name of who is signed in."""
        identity = self.identity(request)
        return identity.name if identity else None

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        """Return Pyramid's ``Allowed`` or a :class:`PermissionDenied`, which says why in its ``msg``."""
        identity = self.identity(request)
        if identity is not None and _allows(identity, context, permission):
            return Allowed("%s has %s", identity.name, permission)
        denied = PermissionDenied("%s has no %s", identity.name if identity else "nobody", permission)
        denied.permission = permission
        denied.reason = _reason(identity, context, permission)
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
        """Let the request go on as nobody's, when who asks cannot be found out."""
        self._identities.set(request, None)


def _load(request: Any) -> Identity | None:
    session_id = request.session_cookie.given
    return load_identity(request.services.get(Engine), session_hash(session_id)) if session_id else None


def _allows(identity: Identity, context: Any, permission: str) -> bool:
    if permission == SIGNED_IN:
        return True
    decide = getattr(context, "permits", None)
    return (
        bool(decide(identity, permission)) if decide is not None else grants(identity.permissions, permission)
    )


def _reason(identity: Identity | None, context: Any, permission: str) -> str | None:
    ask = getattr(context, "why_forbidden", None)
    reason: str | None = ask(identity, permission) if ask is not None and identity is not None else None
    return reason


def identity_or_nobody(request: Any) -> Identity | None:
    """Return who is signed in, or ``None`` if that can't be found out because the database does not answer.

    For error pages; ``request.identity`` is the same from here on.
    """
    try:
        identity: Identity | None = request.identity
    except SQLAlchemyError:
        request.registry.getUtility(ISecurityPolicy).forget_identity(request)
        return None
    return identity
