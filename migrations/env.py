"""What Alembic runs around the migrations.

``batchbook init`` hands over its connection. The ``alembic`` command brings none, so one is opened by Batchbook's
own recipe, at ``BATCHBOOK_DATABASE_URL`` or at alembic.ini's ``sqlalchemy.url``.
"""

from __future__ import annotations

from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection

from batchbook.db.engine import database_url, make_engine
from batchbook.migrate import COMPARE, schema_connection


def run(connection: Connection) -> None:
    context.configure(connection=connection, **COMPARE)
    with context.begin_transaction():
        context.run_migrations()


def run_from_command() -> None:
    if context.config.config_file_name is not None:
        fileConfig(context.config.config_file_name, disable_existing_loggers=False)
    url = database_url({"sqlalchemy.url": context.config.get_main_option("sqlalchemy.url") or ""})
    if context.is_offline_mode():
        context.configure(url=url, literal_binds=True, **COMPARE)
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = make_engine(url)
    with schema_connection(engine) as connection:
        run(connection)
    engine.dispose()


if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:
    run_from_command()
