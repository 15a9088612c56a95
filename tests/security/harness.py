"""A small site on the real security and web packages, for the tests of both."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import unquote

from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Engine, select
from webtest import TestApp

from batchbook.db import Base
from batchbook.db.transactions import request_session, transaction_scope
from batchbook.security.models import Role, RolePermission, User
from batchbook.security.passwords import hash_password
from batchbook.services import services_of

PASSWORD = "a good long password"
SETTINGS = {
    "batchbook.secret": "test-secret-of-more-than-thirty-two-characters",
    "batchbook.secure_cookies": "false",
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    "tm.commit_veto": "pyramid_tm.default_commit_veto",
}
_TABLES = (
    "user_account",
    "role",
    "user_role",
    "role_permission",
    "web_session",
    "login_attempt",
    "audit_log",
    "pending_audit_log",
)


def create_tables(engine: Engine) -> None:
    Base.metadata.create_all(engine, tables=[Base.metadata.tables[name] for name in _TABLES])


class WebHarness:
    """The site: add pages, then visit it."""

    def __init__(self, engine: Engine, **settings: str) -> None:
        self.engine = engine
        self.config: Any = Configurator(settings={**SETTINGS, **settings})
        for name in ("batchbook.services", "pyramid_tm", "pyramid_retry"):
            self.config.include(name)
        services_of(self.config.registry).add(Engine, engine)
        self.config.add_request_method(request_session, "db", reify=True)
        self.config.include("batchbook.security")
        self.config.include("batchbook.web")
        self.page("/", lambda request: Response("home"), "signed-in")

    def page(
        self,
        path: str,
        view: Any,
        permission: str = NO_PERMISSION_REQUIRED,
        factory: Any = None,
        **options: Any,
    ) -> None:
        """Add one view at ``path``; the route has the same name."""
        self.config.add_route(path, path, factory=factory)
        self.config.add_view(view, route_name=path, permission=permission, **options)

    @cached_property
    def application(self) -> Any:
        return self.config.make_wsgi_app()

    def visitor(self, **environ: str) -> TestApp:
        """Return a new browser."""
        return TestApp(self.application, extra_environ=environ)

    def signed_in(self, name: str, *permissions: str, **environ: str) -> TestApp:
        """Return the browser of a new user with these permissions."""
        self.add_user(name, *permissions)
        browser = self.visitor(**environ)
        sign_in(browser, name)
        return browser

    def add_user(self, name: str, *permissions: str, **values: Any) -> int:
        """Store a user with a role of its own; return the id."""
        with transaction_scope(self.engine) as db:
            role = Role(name=f"role-{name}", label=f"Role of {name}")
            role.permissions = [RolePermission(permission=permission) for permission in permissions]
            user = User(**{"name": name, "full_name": "", "roles": [role], **values})
            user.password_hash = values.get("password_hash", hash_password(PASSWORD))
            db.add(user)
            db.flush()
            return user.id

    def change_user(self, name: str, **values: Any) -> None:
        with transaction_scope(self.engine) as db:
            user = db.scalars(select(User).where(User.name == name)).one()
            for attribute, value in values.items():
                setattr(user, attribute, value)

    def stored(self, statement: Any) -> list[Any]:
        """Return what the database holds."""
        with transaction_scope(self.engine, read_only=True) as db:
            return list(db.scalars(statement))


def sign_in(
    browser: TestApp, name: str, password: str = PASSWORD, *, status: int = 303, path: str = "/login"
) -> Any:
    """Fill in the sign-in form."""
    form = browser.get(path).forms[0]
    form["name"], form["password"] = name, password
    return form.submit(status=status)


def token_of(browser: TestApp) -> str:
    """Return the CSRF token of the browser's session."""
    page = browser.get("/account", status="*")
    return str((page if page.status_int == 200 else page.follow()).forms[0]["csrf_token"].value)


def get_raw(browser: TestApp, path: str) -> Any:
    """Get a path that WebTest itself can't read, with the browser's cookies."""
    request = browser.RequestClass.blank("/", environ={"HTTP_COOKIE": _cookies(browser)})
    path, _, query = path.partition("?")
    request.environ.update(PATH_INFO=unquote(path, "latin-1"), QUERY_STRING=query)
    return request.get_response(browser.app)


def _cookies(browser: TestApp) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
