"""A bakery with master views of its own, on the real security, web and master packages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pyramid.config import Configurator
from sqlalchemy import Engine, ForeignKey, Index, MetaData, Select, String, Text, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from webtest import TestApp

from batchbook.db import Base, ExactDecimal, utc_now
from batchbook.db.base import NAMING_CONVENTION
from batchbook.db.transactions import request_session, transaction_scope
from batchbook.grid import Column, Kind, Sort
from batchbook.master import PAGES, Invalid, MasterView, RecordHooks
from batchbook.security.models import Role, RolePermission, User, WebSession
from batchbook.security.sessions import NAME, session_hash
from batchbook.security.settings import SecuritySettings
from batchbook.services import services_of

SETTINGS = {
    "batchbook.secret": "test-secret-of-more-than-thirty-two-characters",
    "batchbook.secure_cookies": "false",
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    "tm.commit_veto": "pyramid_tm.default_commit_veto",
}
ALL = tuple(
    f"{prefix}:{may}"
    for prefix in ("cakes", "bakers")
    for may in ("view", "edit", "create", "delete", "export")
)


class CakeBase(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Baker(CakeBase):
    """It has no version: what a form saw is compared by its fields."""

    __tablename__ = "baker"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    town: Mapped[str] = mapped_column(String(40), default="")


Index("uq_baker_folded_name", func.lower(Baker.name), unique=True)


class Cake(CakeBase):
    __tablename__ = "cake"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(ExactDecimal(8, 2), default=Decimal("1.00"))
    vegan: Mapped[bool] = mapped_column(default=False)
    notes: Mapped[str] = mapped_column(Text, default="")
    baker_id: Mapped[int | None] = mapped_column(ForeignKey("baker.id"))
    version: Mapped[int] = mapped_column(default=1)
    baker: Mapped[Baker | None] = relationship()
    slices: Mapped[list[Slice]] = relationship(cascade="all, delete-orphan")


class Slice(CakeBase):
    __tablename__ = "slice"
    id: Mapped[int] = mapped_column(primary_key=True)
    cake_id: Mapped[int] = mapped_column(ForeignKey("cake.id"))


class Sale(CakeBase):
    __tablename__ = "cake_sale"
    id: Mapped[int] = mapped_column(primary_key=True)
    cake_id: Mapped[int | None] = mapped_column(ForeignKey("cake.id", ondelete="RESTRICT"))


class CakeHooks(RecordHooks):
    def before_save(self, record: Cake, values: dict[str, Any]) -> None:
        if values["name"] == "Poison":
            raise Invalid({"name": "Nobody eats that."})


class CakeView(MasterView):
    pages = PAGES
    hooks_factory = CakeHooks
    model = Cake
    prefix = "cakes"
    path = "/cakes"
    title = "Cakes"
    title_one = "cake"
    grid_columns = (
        "name",
        "code",
        "price",
        "vegan",
        Column("baker", "Baker", Baker.name, Kind.TEXT, link="baker"),
    )
    default_sort = (Sort("code"),)
    form_fields = ("code", "name", "price", "vegan", "notes")
    facts_fields = ("code", "name", "price", "vegan", "notes")
    links = {"baker": lambda request, row: f"/bakers?f.name.equal={row.baker}" if row.baker else None}  # noqa: RUF012

    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(Cake).outerjoin(Cake.baker)

    def label_of(self, record: Cake) -> str:
        return f"cake {record.code}"


class BakerView(MasterView):
    pages = PAGES
    model = Baker
    prefix = "bakers"
    path = "/bakers"
    title = "Bakers"
    title_one = "baker"
    lookup = "id"
    grid_columns = ("name", "town")
    form_fields = ("name", "town")


def configure(engine: Engine | None, *views: type[MasterView], **settings: str) -> Any:
    """Return a configurator of the site with these master views, on ``engine`` or on one that it is given later."""
    config = Configurator(settings=SETTINGS | settings)
    for name in ("batchbook.services", "pyramid_tm", "pyramid_retry", "pyramid_jinja2"):
        config.include(name)
    services_of(config.registry).add(Engine, engine)
    config.add_request_method(request_session, "db", reify=True)
    for name in ("security", "web", "master"):
        config.include(f"batchbook.{name}")
    for view in views:
        config.add_master_view(view)
    return config


def create_tables(engine: Engine) -> None:
    names = (
        "user_account",
        "role",
        "user_role",
        "role_permission",
        "web_session",
        "login_attempt",
        "grid_setting",
        "saved_view",
        "audit_log",
    )
    Base.metadata.create_all(engine, tables=[Base.metadata.tables[name] for name in names])
    CakeBase.metadata.create_all(engine)


@dataclass
class MasterHarness:
    """The site, ready to be visited."""

    engine: Engine
    app: Any

    def visitor(self, name: str | None = None, *permissions: str) -> TestApp:
        """Return a new browser; signed in as somebody with ``permissions`` (all, if none are named)."""
        browser = TestApp(self.app)
        if name:
            profile = services_of(self.app.registry).get(SecuritySettings).cookie(NAME)
            with transaction_scope(self.engine) as db:
                db.add(_signed_in(name, permissions or ALL))
            browser.set_cookie(NAME, profile.serializer.dumps(f"session of {name}").decode())
        return browser

    def add(self, *records: Any) -> list[int]:
        with transaction_scope(self.engine) as db:
            db.add_all(records)
            db.flush()
            return [record.id for record in records]

    def all(self, statement: Any) -> list[Any]:
        with transaction_scope(self.engine, read_only=True) as db:
            return [tuple(row) for row in db.execute(statement)]

    def change(self, model: Any, key: int, **values: Any) -> None:
        """Change a record as somebody else would, counting its version."""
        with transaction_scope(self.engine) as db:
            record = db.get_one(model, key)
            for name, value in values.items():
                setattr(record, name, value)
            if hasattr(record, "version"):
                record.version += 1


def _signed_in(name: str, permissions: tuple[str, ...]) -> User:
    role = Role(name=f"role-{name}", label="Role")
    role.permissions = [RolePermission(permission=permission) for permission in permissions]
    session = WebSession(id=session_hash(f"session of {name}"), expires_at=utc_now() + timedelta(hours=1))
    return User(name=name, roles=[role], sessions=[session])


def rows_of(page: Any) -> list[str]:
    """Return the text of the first cell of each row of the page's grid."""
    return [cell.get_text(" ", strip=True) for cell in page.html.select("tbody th[scope=row]")]


def words(page: Any) -> str:
    """Return what the page says, without its markup."""
    return re.sub(r"\s+", " ", page.html.get_text(" ", strip=True))


def form_of(page: Any, field: str) -> Any:
    """Return the page's form that has a field called ``field``."""
    return next(form for form in page.forms.values() if field in form.fields)
