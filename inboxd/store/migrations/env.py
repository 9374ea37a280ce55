"""Alembic's entry: runs the migrations in one transaction on the database it is given."""

from alembic import context
from sqlmodel import SQLModel

from inboxd.failpoints import reach
from inboxd.store import desk_tables, tables  # noqa: F401  (fill the metadata)

database = context.config.attributes["database"]
with database.write() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        transactional_ddl=True,
        on_version_apply=lambda **_: reach("migration.step"),
    )
    with context.begin_transaction():
        context.run_migrations()
    reach("migration.run")
