"""What only a server can do: refuse us, restart, be gone; and that its password is told nowhere."""

import asyncio
import logging
import subprocess
import sys
import traceback

import pytest
import pytest_asyncio
from sqlalchemy import select, text
from tests.store.postgres_server import USER
from tests.store.samples import T, a_row, a_transition, write

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.secret import Secret
from marginwatch.store import Store
from marginwatch.store import postgres as postgres_module
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.outbox import StoredOutbox
from marginwatch.store.tables import OUTBOX


@pytest_asyncio.fixture
async def store(postgres):
    opened = await Store.open(Secret(postgres.url))
    yield opened
    await opened.close()


async def refused(url, kind=ConfigError):
    with pytest.raises(kind) as caught:
        await Store.open(Secret(url))
    return caught.value


async def test_a_wrong_password_is_named_and_not_repeated(postgres):
    error = await refused(postgres.url_of("postgres", "hunter2"))
    assert f"postgresql://{USER}@127.0.0.1:{postgres.port}/postgres: " in str(error)
    assert "mend it in the address of the database" in str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error))


async def test_a_database_that_is_not_there_is_named(postgres):
    error = await refused(postgres.url_of("nowhere"))
    assert '"nowhere" does not exist' in str(error)
    assert "createdb" in str(error)


async def test_a_server_that_cannot_be_reached_may_be_there_later(postgres):
    url = postgres.url.replace(str(postgres.port), "1")
    error = await refused(url, ConnectivityError)
    assert error.retryable
    assert error.reason == "store"
    assert "127.0.0.1:1/postgres: cannot reach the database" in str(error)
    assert postgres.password not in "".join(traceback.format_exception(error))


async def test_a_user_who_may_make_no_table_is_told_what_is_missing(postgres):
    await postgres.run("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN PASSWORD 'x'")
    url = postgres.url.replace(f"{USER}:{postgres.password}", "reader:x")
    assert "give it USAGE and CREATE" in str(await refused(url))
    await postgres.run("GRANT USAGE ON SCHEMA public TO PUBLIC")
    error = await refused(url)
    assert "permission denied for schema public" in str(error)
    assert "give it CREATE on the schema" in str(error)


async def test_an_option_that_is_none_is_refused_without_its_text(postgres):
    error = await refused(f"{postgres.url}?sslmode=hunter2")
    assert "cannot be used; mend it" in str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error))


async def test_a_second_service_is_refused_until_the_first_has_ended(postgres, store, monkeypatch):
    monkeypatch.setattr(postgres_module, "LOCK_WAIT_MS", 100)
    error = await refused(postgres.url)
    assert "another marginwatch writes this database; stop it" in str(error)
    joined = await Store.open(Secret(postgres.url), is_alone=False)
    await joined.close()
    await store.close()
    second = await Store.open(Secret(postgres.url))
    await second.close()


async def test_a_service_that_is_just_ending_is_waited_for(postgres, store):
    second = asyncio.create_task(Store.open(Secret(postgres.url)))
    await asyncio.sleep(0.05)
    assert not second.done()
    await store.close()
    await (await second).close()


async def test_two_schemas_are_two_databases(postgres, store):
    await postgres.run("DROP SCHEMA IF EXISTS second CASCADE", "CREATE SCHEMA second")
    url = Secret(f"{postgres.url}?search_path=second")
    other = await Store.open(url)
    await StoredOutbox(other).add([a_row(1)])
    assert await store.rows(select(OUTBOX.c.id)) == []
    await other.close()


async def test_readers_cannot_write_and_commits_wait_for_the_disk(postgres):
    await postgres.run("ALTER DATABASE postgres SET synchronous_commit = off")
    store = await Store.open(Secret(postgres.url))
    try:
        with pytest.raises(ConnectivityError, match="read-only transaction"):
            await store.rows(text("DELETE FROM outbox RETURNING id"))
        async with store.transaction() as unit:
            setting = await unit.connection.execute(text("SHOW synchronous_commit"))
            assert setting.scalar() == "on"
    finally:
        await store.close()
        await postgres.run("ALTER DATABASE postgres RESET synchronous_commit")


async def test_a_server_that_restarts_is_connected_to_anew_and_locked_again(postgres, store):
    alerts, outbox = StoredAlerts(store), StoredOutbox(store)
    await write(store, alerts, [a_transition(1)], [a_row(1, transition_id="fired-1")])
    postgres.stop()
    with pytest.raises(ConnectivityError, match="check that the server runs") as caught:
        await outbox.claim("me", "phone", T, 30, 5)
    assert caught.value.reason == "store"
    assert postgres.password not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(ConnectivityError):
        await alerts.open_alerts()
    postgres.start()
    assert len(await outbox.claim("me", "phone", T, 30, 5)) == 1
    assert len(await alerts.open_alerts()) == 1
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    [row] = await store.rows(text(locks))
    assert row[0] == 1


async def test_a_connection_cut_within_a_transaction_leaves_nothing_of_it(postgres, store):
    alerts = StoredAlerts(store)

    async def cut():
        async with store.transaction() as unit:
            await alerts.write(unit, [a_transition(1)], [a_row(1, transition_id="fired-1")])
            own = (await unit.connection.execute(text("SELECT pg_backend_pid()"))).scalar()
            await postgres.run(f"SELECT pg_terminate_backend({own})")

    with pytest.raises(ConnectivityError):
        await cut()
    assert await alerts.transitions() == ()
    await write(store, alerts, [a_transition(1)], [a_row(1, transition_id="fired-1")])
    assert len(await alerts.open_alerts()) == 1


async def test_the_password_is_told_nowhere(postgres, caplog):
    with caplog.at_level(logging.DEBUG):
        store = await Store.open(Secret(postgres.url))
        await StoredOutbox(store).add([a_row(1)])
        shown = [
            store.place,
            repr(store),
            repr(store._writer),
            str(store._writer.url),
            repr(vars(store._database)),
        ]
        await store.close()
    assert postgres.password not in caplog.text + "".join(shown)
    assert store.place == f"postgresql://{USER}@127.0.0.1:{postgres.port}/postgres"


async def test_what_is_no_address_is_refused_without_repeating_it():
    for url in ("mysql://desk:hunter2@db/x", "desk:hunter2@db"):
        assert "hunter2" not in str(await refused(url))


def test_the_driver_is_not_imported_where_it_is_not_used():
    code = "import sys, marginwatch.store; sys.exit('asyncpg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
