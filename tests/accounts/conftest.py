"""The pages of accounts on the real security, web and master packages, with people of several kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import Engine, select, update
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.transactions import request_session, transaction_scope
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, RolePermission, User, WebSession
from batchbook.security.passwords import hash_password
from batchbook.security.sessions import NAME, session_hash
from batchbook.security.settings import SecuritySettings
from batchbook.services import services_of

SETTINGS = {
    "batchbook.secret": "test-secret-of-more-than-thirty-two-characters",
    "batchbook.secure_cookies": "false",
    "tm.manager_hook": "pyramid_tm.explicit_manager",
}
PEOPLE = {
    "ann": ("admin",),
    "abe": ("admin",),
    "sam": ("staff",),
    "helpdesk": ("helpdesk",),
}
# Nobody signs in by it here; who has none is no administrator who could sign in.
OF_ADMINS = hash_password("a hidden green valley")


@dataclass
class AccountsHarness:
    """The site, ready to be visited."""

    engine: Engine
    app: Any

    def visitor(self, name: str) -> TestApp:
        """Return a browser in which ``name`` is signed in, by one more session."""
        browser = TestApp(self.app)
        cookie = f"{name} {utc_now().isoformat()}"
        with transaction_scope(self.engine) as db:
            expires_at = (
                utc_now().replace(microsecond=0)
                + services_of(self.app.registry).get(SecuritySettings).session_length
            )
            db.add(WebSession(id=session_hash(cookie), user_id=self.id_of(name), expires_at=expires_at))
        profile = services_of(self.app.registry).get(SecuritySettings).cookie(NAME)
        browser.set_cookie(NAME, profile.serializer.dumps(cookie).decode())
        return browser

    def id_of(self, name: str, model: Any = User) -> int:
        return int(self.all(select(model.id).where(model.name == name))[0][0])

    def change_user(self, name: str, **values: Any) -> None:
        with transaction_scope(self.engine) as db:
            db.execute(update(User).where(User.name == name).values(values))

    def all(self, statement: Any) -> list[tuple[Any, ...]]:
        with transaction_scope(self.engine, read_only=True) as db:
            return [tuple(row) for row in db.execute(statement)]

    def roles_of(self, name: str) -> set[str]:
        return {row[0] for row in self.all(select(Role.name).join(Role.users).where(User.name == name))}

    def permissions_of(self, role: str) -> set[str]:
        wanted = select(RolePermission.permission).join(RolePermission.role).where(Role.name == role)
        return {row[0] for row in self.all(wanted)}


@pytest.fixture(scope="session")
def application(compiled_templates: dict[str, str]) -> Any:
    """The application, started once: each test gives it an engine of its own."""
    config = Configurator(settings=SETTINGS | compiled_templates)
    for name in ("batchbook.services", "pyramid_tm", "pyramid_retry", "pyramid_jinja2"):
        config.include(name)
    config.add_request_method(request_session, "db", reify=True)
    for name in ("security", "web", "master", "accounts"):
        config.include(f"batchbook.{name}")
    return config.make_wsgi_app()


@pytest.fixture
def harness(engine: Engine, application: Any) -> AccountsHarness:
    with transaction_scope(engine) as db:
        install_default_roles(db)
        rights = [RolePermission(permission=f"users:{may}") for may in ("view", "edit", "create", "delete")]
        db.add(Role(name="helpdesk", label="Help desk", permissions=rights))
        db.flush()
        roles = {role.name: role for role in db.scalars(select(Role))}
        for name, names in PEOPLE.items():
            password_hash = OF_ADMINS if "admin" in names else None
            given = [roles[role] for role in names]
            db.add(User(name=name, full_name=name.title(), password_hash=password_hash, roles=given))
    services_of(application.registry).add(Engine, engine)
    return AccountsHarness(engine, application)
