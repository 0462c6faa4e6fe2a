"""``marginwatch demo`` as a program: the object it ends with, and its picture on a terminal."""

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "import sys; from marginwatch.cli import main; sys.exit(main())", "demo"]
KEYS = {
    "accounts",
    "positions",
    "venues",
    "messages",
    "frames",
    "alerts_fired",
    "alerts_routed",
    "alerts_delivered",
    "liquidations_simulated",
    "warned_before_liquidation",
    "reconciliation_breaks",
    "stale_accounts",
    "wire_to_alert_ms",
}
COUNTS = KEYS - {"wire_to_alert_ms"}


def play(*arguments: str) -> dict[str, Any]:
    ended = subprocess.run(
        [*COMMAND, *arguments, "--no-browser", "--json"], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    tally: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return tally


@pytest.mark.parametrize(("n_accounts", "duration_s"), [(3, 4), (40, 7)])
def test_it_ends_with_one_object_of_the_agreed_keys(n_accounts: int, duration_s: int) -> None:
    tally = play("--accounts", str(n_accounts), "--duration", str(duration_s), "--seed", "5")
    assert tally.keys() == KEYS
    assert tally["wire_to_alert_ms"].keys() == {"p50", "p99"}
    for key in COUNTS:
        assert isinstance(tally[key], int), key
    assert tally["accounts"] == n_accounts
    assert tally["venues"] == 1
    assert tally["stale_accounts"] == 0, "the picture was complete"
    assert tally["positions"] >= n_accounts
    assert tally["messages"] > n_accounts
    assert tally["frames"] > duration_s


def test_a_crash_fires_alerts_all_of_which_arrive_and_warn_before_the_liquidation() -> None:
    tally = play("--scenario", "crash", "--duration", "16")
    assert tally["alerts_fired"] >= 3
    assert 0 < tally["alerts_routed"] == tally["alerts_delivered"]
    assert tally["warned_before_liquidation"] == tally["liquidations_simulated"] == 1
    assert 0 < tally["wire_to_alert_ms"]["p50"] <= tally["wire_to_alert_ms"]["p99"]


def test_a_wrong_scenario_is_refused_with_those_there_are() -> None:
    ended = subprocess.run([*COMMAND, "--scenario", "sunshine"], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "calm-then-crash" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_wrong_market_is_refused_with_those_there_are() -> None:
    ended = subprocess.run([*COMMAND, "--market", "dream"], capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "model, history" in ended.stderr


class Screen:
    """A pseudo-terminal of 160 × 50 with a program on it."""

    def __init__(self, *arguments: str) -> None:
        self.shown = ""
        self._fd, inner = pty.openpty()
        ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color"}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=environment,
            start_new_session=True,
        )
        os.close(inner)

    def read_until(self, is_enough: Any, seconds: float) -> bool:
        """Read what appears until it is enough, or time is up; False if it was not."""
        give_up_s = time.monotonic() + seconds
        while not is_enough(self.shown):
            left_s = give_up_s - time.monotonic()
            if left_s <= 0 or not select.select([self._fd], [], [], left_s)[0]:
                return False
            try:
                chunk = os.read(self._fd, 65_536)
            except OSError:
                chunk = b""
            if not chunk:
                return is_enough(self.shown)
            self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", chunk.decode(errors="replace"))
        return True

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self._fd)


def test_on_a_terminal_it_shows_the_accounts_until_interrupted() -> None:
    screen = Screen("--seed", "5", "--no-browser")
    names = ("treasury", "mm-btc-1", "mm-eth-1", "basis-btc", "dir-momentum", "perp-arb-long")
    try:
        assert screen.read_until(lambda shown: all(name in shown for name in names), 30), screen.shown[-3000:]
        screen.process.send_signal(signal.SIGINT)
        seen = len(screen.shown)
        # The last picture stays on the screen; the terminal ends when the program does.
        screen.read_until(lambda _: screen.process.poll() is not None, 15)
        assert screen.process.wait(15) == 0
        assert "Traceback" not in screen.shown
        assert "treasury" in screen.shown[seen:] or "treasury" in screen.shown[-20_000:]
    finally:
        screen.close()


def test_into_a_file_it_draws_a_complete_picture_and_one_at_the_end() -> None:
    ended = subprocess.run([*COMMAND, "--duration", "4"], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    first, last = ended.stdout.split("marginwatch · 12 simulated accounts")[1:]
    assert "alerts are delivered to: " in first
    assert "alerts: " in last
    assert " delivered" in last
    for drawn in (first, last):
        assert "ALERTS" in drawn
        assert "complete: every account and every position is in the totals" in drawn
        assert "dir-momentum" in drawn
