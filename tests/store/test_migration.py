import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from marginwatch.errors import ConfigError
from marginwatch.model.ids import AccountId
from marginwatch.model.notice import Notice
from marginwatch.model.risk_history import ModelErrorSample
from marginwatch.model.secret import Secret
from marginwatch.store import Store
from marginwatch.store import store as store_module
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.migration import FOLDER
from marginwatch.store.risk_days import RiskDays
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


async def test_what_an_older_version_wrote_is_there_after_the_migration(place: Path | Secret) -> None:
    store = await Store.open(place)
    async with store.transaction() as unit:
        await unit.connection.run_sync(go_back_to, "0002")
    await store.close()
    store = await open_without_migrating(place)
    async with store.transaction() as unit:
        await unit.add_notices([Notice("adl", None, "one leg closed")], at_ns=7)
    await RiskDays(store).add_model_errors([SAMPLE])
    await store.close()
    store = await Store.open(place)
    assert [(row.id, row.value.message) for row in await store.notices()] == [(1, "one leg closed")]
    assert await RiskDays(store).model_errors(AccountId("main"), "equity") == (SAMPLE,)
    assert await StoredAlerts(store).open_alerts() == ()
    async with store.transaction() as unit:
        assert await unit.connection.run_sync(differences) == []
    await store.close()


SAMPLE = ModelErrorSample(AccountId("main"), "equity", 5, 0.25, 1.5)


async def open_without_migrating(place: Path | Secret) -> Store:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "migrate", lambda connection, place: None)
        return await Store.open(place)


def go_back_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)
    assert "outbox" not in inspect(connection).get_table_names()
