"""Migrating: brings the tables of a database to an edition, up or down, by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from sheber.i18n import _
from sheber.school.errors import DatabaseAway, Refused

__all__ = ["downgrade", "edition", "edition_of", "newest", "upgrade"]

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the tables up. Raises Refused where a newer Sheberkhana made them, DatabaseAway where none answers."""
    _apply(engine, command.upgrade, to)


def downgrade(engine: Engine, to: str) -> None:
    """Bring the tables down to an older edition; "base" removes them all."""
    _apply(engine, command.downgrade, to)


def edition(engine: Engine) -> str | None:
    """The edition of the tables; None where there are none."""
    with engine.connect() as connection:
        return edition_of(connection)


def edition_of(connection: Connection) -> str | None:
    """As `edition`, by a connection that is open."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The edition that this Sheberkhana knows last."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _apply(engine: Engine, what: Any, to: str) -> None:
    config = _config()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            what(config, to)
    except OperationalError as error:
        text = _("The database does not answer ({why}). Nothing was changed.")
        raise DatabaseAway(text.format(why=str(error.orig).strip().splitlines()[0])) from error
    except CommandError as error:
        text = _("The tables of this database are of an edition that this Sheberkhana does not know ({why}).")
        raise Refused(text.format(why=error)) from error
