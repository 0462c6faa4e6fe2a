"""A child process: started, read line by line, measured, and ended by its own id."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

LINE_BYTES_MAX = 256 * 1024 * 1024
STOP_S = 15.0


class Usage(msgspec.Struct, frozen=True):
    """What a process has used: processor seconds since its start (user + system, all threads), and resident bytes."""

    cpu_s: float
    rss: int


class Child:
    """One running child."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._asking = asyncio.Lock()

    @classmethod
    async def start(cls, name: str, *arguments: str, log: Path, env: Mapping[str, str]) -> "Child":
        """Start ``python -m`` with these arguments; what it says on stderr goes to ``log``."""
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                limit=LINE_BYTES_MAX,
                env={**os.environ, **env},
            )
        return cls(name, process)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def line(self, timeout_s: float) -> dict[str, Any]:
        """Return the next line of JSON that it prints.

        Raises
        ------
        RuntimeError
            If it ended, or said nothing in time.
        """
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        except TimeoutError:
            raise RuntimeError(f"the {self.name} said nothing for {timeout_s:g} s") from None
        if not line:
            raise RuntimeError(f"the {self.name} ended, exit code {await self._process.wait()}")
        return json.loads(line)

    async def ask(self, question: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """Say a line and return the answer."""
        assert self._process.stdin is not None
        async with self._asking:
            self._process.stdin.write(question.encode() + b"\n")
            return await self.line(timeout_s)

    def usage(self) -> Usage | None:
        """Return what it has used; None where the system has no ``/proc`` or the process has ended."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return Usage(cpu_s, int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))

    async def stop(self) -> None:
        """End it: politely, and by force if that takes too long."""
        if not self.is_running:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
