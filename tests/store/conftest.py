"""Both databases for every test that only needs a place to store."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.store.postgres_server import PostgresServer, running_server

from marginwatch.model.secret import Secret

EMPTY = (
    "SET lock_timeout = '10s'",
    "SET client_min_messages = warning",
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with running_server() as started:
        yield started


@pytest_asyncio.fixture
async def postgres(server: PostgresServer) -> PostgresServer:
    """A running server whose database is empty."""
    await server.run(*EMPTY)
    return server


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Path | Secret]:
    """What ``Store.open`` is given: a file that is not there yet, then the address of an empty database."""
    if request.param == "sqlite":
        yield tmp_path / "x.sqlite"
    else:
        server = request.getfixturevalue("server")
        await server.run(*EMPTY)
        yield Secret(server.url)
