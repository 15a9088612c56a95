"""``batchbook init``: a database that is ready for use."""

from __future__ import annotations

from dataclasses import asdict

import click
from sqlalchemy.orm import Session

from batchbook import demo, migrate
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.db.session import transaction_scope
from batchbook.jobs.queue import prepare_queue
from batchbook.jobs.settings import JobSettings, Mode
from batchbook.jobs.store import Store
from batchbook.security.roles import install_default_roles


@click.command()
@click.option(
    "--without-demo-logins",
    is_flag=True,
    help="Switch off the demo logins that still work, passwords and all.",
)
@json_option
@click.pass_obj
def init(site: Site, without_demo_logins: bool, as_json: bool) -> None:
    """Prepare the database: every migration, what jobs need, the roles, and demo data if the settings want it.

    May be run again; what is there stays. Refused where demo logins work and the settings are not for development.
    """
    wanted = demo.is_wanted(site.settings)
    migrate.upgrade(site.engine, site.plugins)
    _prepare_jobs(site)
    with transaction_scope(site.engine) as session:
        install_default_roles(session)
        loaded = wanted and _load_demo(session)
        ended = demo.switch_off(session) if without_demo_logins else []
        logins = demo.logins(session) if wanted else []
    with transaction_scope(site.engine, read_only=True) as session:
        demo.refuse_logins(session, site.settings)
    where = site.engine.url.render_as_string(hide_password=True)
    data = {"database": where, "demo_loaded": loaded, "demo_logins": [asdict(login) for login in logins]}
    show(as_json, data | {"demo_logins_ended": ended}, *_sentences(where, loaded, logins, ended))


def _prepare_jobs(site: Site) -> None:
    """Make what jobs need beside the tables, so that those who run them need no right to make any."""
    if JobSettings.read(site.settings).mode is Mode.INLINE:
        return
    store = Store(site.engine.url)
    try:
        store.prepare()
        prepare_queue(store.url)
    finally:
        store.close()


def _load_demo(session: Session) -> bool:
    if not demo.is_empty(session):
        return False
    demo.load(session)
    return True


def _sentences(where: str, loaded: bool, logins: list[demo.Login], ended: list[str]) -> list[str]:
    lines = [f"The database {where} is up to date."]
    if loaded:
        lines.append(f"Demo data was loaded. A price list to try: {demo.PRICE_LIST}")
    if ended:
        lines.append(f"Switched off, and without a password now: {' and '.join(ended)}.")
    if logins:
        lines.append("Demo logins:")
        lines += [f"  {login.name:<8} {login.password}" for login in logins]
    return lines
