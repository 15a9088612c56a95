"""``batchbook init``: a database that is ready for use."""

from __future__ import annotations

from dataclasses import asdict

import click
from sqlalchemy.orm import Session

from batchbook import demo, migrate
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.db.session import transaction_scope
from batchbook.security.roles import install_default_roles


@click.command()
@json_option
@click.pass_obj
def init(site: Site, as_json: bool) -> None:
    """Prepare the database: every migration, the roles, and demo data if the settings want it.

    May be run again; what is there stays.
    """
    migrate.upgrade(site.engine, site.plugins)
    with transaction_scope(site.engine) as session:
        install_default_roles(session)
        loaded = demo.DEMO.flag(site.settings) and _load_demo(session)
        logins = demo.logins(session) if demo.DEMO.flag(site.settings) else []
    where = site.engine.url.render_as_string(hide_password=True)
    data = {"database": where, "demo_loaded": loaded, "demo_logins": [asdict(login) for login in logins]}
    show(as_json, data, *_sentences(where, loaded, logins))


def _load_demo(session: Session) -> bool:
    if not demo.is_empty(session):
        return False
    demo.load(session)
    return True


def _sentences(where: str, loaded: bool, logins: list[demo.Login]) -> list[str]:
    lines = [f"The database {where} is up to date."]
    if loaded:
        lines.append(f"Demo data was loaded. A price list to try: {demo.PRICE_LIST}")
    if logins:
        lines.append("Demo logins:")
        lines += [f"  {login.name:<8} {login.password}" for login in logins]
    return lines
