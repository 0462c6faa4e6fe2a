"""Bring a database to this version's schema, or say why that cannot be."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from marginwatch.errors import ConfigError

FOLDER = Path(__file__).parent / "migrations"


def migrate(connection: Connection, place: str) -> None:
    """Run the migrations that are missing, all inside the transaction of ``connection``.

    Parameters
    ----------
    connection : Connection
        The writing connection; a process killed here leaves all as it was.
    place : str
        Where it is, for the error.

    Raises
    ------
    ConfigError
        If a newer version has written it.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise ConfigError(
            f"{place}: schema {current!r} is of a newer marginwatch, this one knows {head!r};"
            " update marginwatch, or name another database"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
