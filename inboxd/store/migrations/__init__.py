"""The database's schema, version by version (Alembic)."""

from __future__ import annotations

import sqlalchemy as sa

from inboxd.errors import Permanent
from inboxd.failpoints import reach
from inboxd.store.db import Database, create_private

HEAD = "0015"


def version(database: Database) -> str | None:
    """Return the schema's version, or None for an empty database."""
    with database.read() as connection:
        tables = sa.inspect(connection).get_table_names()
        if "alembic_version" not in tables:
            return None
        row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").one_or_none()
    return None if row is None else str(row[0])


def upgrade(database: Database) -> None:
    """Bring the database to this release's schema; an up-to-date one costs one query.

    Raises `Permanent` where the database was written by a newer release.
    """
    create_private(database.path)
    found = version(database)
    if found == HEAD:
        return
    from alembic import command  # heavy, and needed once a release
    from alembic.config import Config
    from alembic.util import CommandError

    settings = Config()
    settings.set_main_option("script_location", "inboxd:store/migrations")
    settings.attributes["database"] = database
    reach("migration.due")
    try:
        command.upgrade(settings, "head")
    except CommandError as error:
        raise Permanent(
            f"the database's schema is {found}, which this release does not know: {error}"
        ) from error
