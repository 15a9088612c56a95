"""Routes of signing in and of the account page, and the rules for every view."""

from __future__ import annotations

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.tweens import INGRESS
from pyramid.viewderivers import INGRESS as BEFORE_ALL_DERIVERS

from batchbook.security.account import ASK_TEMPLATE, AccountViews, AskPasswordViews
from batchbook.security.identity import OWN_ACCOUNT
from batchbook.security.passwords import dummy_hash
from batchbook.security.policy import SecurityPolicy, recent_password_view
from batchbook.security.sessions import SessionCookie
from batchbook.security.settings import SecuritySettings
from batchbook.security.view_rules import SessionCSRFPolicy, require_permission
from batchbook.security.views import LoginViews, logout
from batchbook.services import services_of


def includeme(config: Any) -> None:
    """Install the policies, the rules and the pages."""
    settings = services_of(config.registry).get(SecuritySettings)
    dummy_hash()  # Made now, or the first unknown name would take twice as long as the others.
    config.add_request_method(SessionCookie, "session_cookie", reify=True)
    config.set_security_policy(SecurityPolicy())
    config.set_csrf_storage_policy(SessionCSRFPolicy(settings.secret))
    _add_view_rules(config)
    _add_login(config)
    _add_account(config)


def _add_view_rules(config: Any) -> None:
    """Require a permission and, for unsafe methods, a CSRF token (field or header) of every view."""
    config.set_default_csrf_options(require_csrf=True, token="csrf_token", header="X-CSRF-Token")  # noqa: S106 - A field's name.
    config.add_tween("batchbook.security.view_rules.headers_tween_factory", under=INGRESS)
    config.add_view_deriver(require_permission, "require_permission", under=BEFORE_ALL_DERIVERS)
    config.add_view_deriver(
        recent_password_view, "recent_password_view", under="secured_view", over="csrf_view"
    )


def _add_login(config: Any) -> None:
    config.add_route("login", "/login")
    config.add_route("logout", "/logout")
    page = {"renderer": "batchbook.templates:security/login.jinja2", "permission": NO_PERMISSION_REQUIRED}
    config.add_view(LoginViews, attr="form", route_name="login", request_method="GET", **page)
    config.add_view(LoginViews, attr="submit", route_name="login", request_method="POST", **page)
    # Open to everybody, so that it does not fail if the session has just ended.
    config.add_view(logout, route_name="logout", request_method="POST", permission=NO_PERMISSION_REQUIRED)


def _add_account(config: Any) -> None:
    config.add_route("account", "/account")
    page = {"renderer": "batchbook.templates:security/account.jinja2", "permission": OWN_ACCOUNT}
    config.add_view(AccountViews, attr="page", route_name="account", request_method="GET", **page)
    posted = {
        "password": "change_password",
        "timezone": "change_zone",
        "number-format": "change_number_format",
        "sessions": "revoke",
    }
    for name, attr in posted.items():
        config.add_route(f"account.{name}", f"/account/{name}")
        config.add_view(AccountViews, attr=attr, route_name=f"account.{name}", request_method="POST", **page)
    config.add_route("account.confirm", "/account/confirm")
    page["renderer"] = ASK_TEMPLATE
    for method, attr in (("GET", "form"), ("POST", "submit")):
        config.add_view(
            AskPasswordViews, attr=attr, route_name="account.confirm", request_method=method, **page
        )
