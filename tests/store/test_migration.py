import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.store import Store
from marginwatch.store.tables import METADATA


async def test_the_migrations_lead_to_exactly_the_tables(place: Path | Secret) -> None:
    store = await Store.open(place)
    async with store.transaction() as unit:
        assert await unit.connection.run_sync(differences) == []
    await store.close()


def differences(connection: Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection), METADATA)


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    await (await Store.open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    with pytest.raises(ConfigError, match=r"'9999' is of a newer marginwatch.*update"):
        await Store.open(path)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    connection.close()


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE account_notice (x)"
    )  # the last table of the first migration is in the way
    connection.commit()
    with pytest.raises(ConfigError, match="already exists"):
        await Store.open(path)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"account_notice"}
    connection.close()
