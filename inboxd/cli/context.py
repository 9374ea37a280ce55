"""What commands work on, opened when they need it: configuration, database, shop."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from inboxd.errors import ConfigError, Fault, Permanent, Transient

if TYPE_CHECKING:
    from inboxd.config import Config
    from inboxd.desk.shop import Shop
    from inboxd.store.db import Database


def open_config(ctx: typer.Context) -> Config:
    """Return the configuration that was asked for; raises `ConfigError`."""
    path: Path = ctx.obj
    if not path.is_file():
        how = (
            "there is no configuration here; copy the example (the folder config/) and edit it, "
            "or name yours with --config PATH or INBOXD_CONFIG"
        )
        raise ConfigError([Fault(str(path), 0, 0, how)])
    from inboxd.config import load_config

    return load_config(path)


@contextmanager
def open_database(config: Config) -> Iterator[Database]:
    """Open the database, made or upgraded where that is needed, and close it afterwards."""
    from inboxd.store.db import Database
    from inboxd.store.migrations import upgrade

    database = Database(config.database_url)
    try:
        upgrade(database)
        yield database
    finally:
        database.close()


@contextmanager
def open_for_a_glance(config: Config) -> Iterator[sqlite3.Connection]:
    """Open the database with the driver alone, which imports little; made or upgraded first."""
    from inboxd.store import glance

    path = Path(config.database_url.removeprefix("sqlite:///"))
    connection = glance.open_current(path)
    if connection is None:
        with open_database(config):
            connection = glance.open_current(path)
    if connection is None:
        raise Transient(f"the database {path} cannot be read now")
    try:
        yield connection
    except sqlite3.OperationalError as error:
        raise Transient(f"database: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Permanent(f"database: {error}") from error
    finally:
        connection.close()


@contextmanager
def open_shop(ctx: typer.Context) -> Iterator[tuple[Database, Shop]]:
    """Open everything that work on mail needs; only errors are logged, on standard error."""
    from inboxd.desk.shop import load_shop
    from inboxd.logs import log_trouble

    log_trouble()
    config = open_config(ctx)
    shop = load_shop(config)
    with open_database(config) as database:
        yield database, shop
