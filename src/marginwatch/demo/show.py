"""Plays the demo: live on a terminal, quiet elsewhere, until told to stop."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from marginwatch.demo.picture import picture
from marginwatch.demo.stage import Plot, Stage, set_stage
from marginwatch.demo.tally import Tally, tally_of
from marginwatch.errors import ConnectivityError
from marginwatch.risk.tables import portfolio_summary
from marginwatch.terminal.bars import QUIET

PICTURES_PER_S = 4
COMPLETE_TIMEOUT_S = 60.0
PRICES_TIMEOUT_S = 5.0
SETTLE_S = 10.0
LOOK_EVERY_S = 1.0
FILE_WIDTH, FILE_HEIGHT = 140, 44


async def play(
    plot: Plot,
    duration_s: float | None,
    console: Console | None,
    *,
    on_start: Callable[[str], object] | None = None,
) -> Tally:
    """Play until ``duration_s`` seconds are over or SIGINT or SIGTERM comes, and return the tally.

    Parameters
    ----------
    plot : Plot
        What is played.
    duration_s : float or None
        None plays until stopped.
    console : Console or None
        Where the picture goes: live if it is a terminal, else once when it is complete and once at the end; None
        for no picture.
    on_start : callable or None
        Hears the address of the dashboard once it answers.

    Raises
    ------
    ConnectivityError
        If the picture is not complete within a minute.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with set_stage(plot) as stage:
        if on_start is not None:
            on_start(stage.url)
        if duration_s is not None:
            loop.call_later(duration_s, stopping.set)
        looking = None if console is None else asyncio.create_task(_look(stage), name="look at alerts")
        if console is not None and console.is_terminal:
            await _live(stage, console, stopping)
        else:
            await _quiet(stage, console, stopping)
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        await stage.settle(SETTLE_S)
        tally = await tally_of(stage)
        if console is not None:
            for line in [*stage.foresight.lines(), *alert_words(tally)]:
                console.print(Text(line), soft_wrap=True)
        return tally


def alert_words(tally: Tally) -> list[str]:
    """Return what became of alerts, and how many liquidations one of them came before, a line each."""
    told = f"{tally.alerts_routed} to be told, {tally.alerts_delivered} delivered"
    lines = [f"alerts: {tally.alerts_fired} fired, {told}"]
    if tally.wire_to_alert_ms.p50 is not None:
        wire = tally.wire_to_alert_ms
        lines[0] += f"; from the wire to the outbox {wire.p50:.1f} ms (99 %: {wire.p99:.1f} ms)"
    if tally.liquidations_simulated:
        lines.append(
            f"warned before their liquidation: {tally.warned_before_liquidation} of {tally.liquidations_simulated} accounts"
        )
    return lines


async def _look(stage: Stage) -> None:
    """Look once a second what became of messages; a picture must not wait for the database."""
    while True:
        await stage.alerts.look(stage.alerting)
        await stage.service.clock.sleep(LOOK_EVERY_S)


async def _live(stage: Stage, console: Console, stopping: asyncio.Event) -> None:
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while not stopping.is_set():
            live.update(_picture(stage, console), refresh=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 1.0 / PICTURES_PER_S)
    console.print(_picture(stage, console))


async def _quiet(stage: Stage, console: Console | None, stopping: asyncio.Event) -> None:
    waiting = asyncio.create_task(stopping.wait())
    complete = asyncio.create_task(stage.service.wait_until_complete(COMPLETE_TIMEOUT_S))
    await asyncio.wait((waiting, complete), return_when=asyncio.FIRST_COMPLETED)
    if complete.done() and not complete.result():
        raise ConnectivityError(f"the picture was not complete within {COMPLETE_TIMEOUT_S:g} s")
    if console is not None:
        await _wait_for_frame(stage, stopping)
        console.print(_picture(stage, console))
    await waiting
    complete.cancel()
    if console is not None:
        console.print(_picture(stage, console))


async def _wait_for_frame(stage: Stage, stopping: asyncio.Event) -> None:
    """Wait for a frame in which nothing is left out: accounts are complete a moment before their prices are there."""
    clock = stage.service.clock
    give_up_at = clock.monotonic_s() + PRICES_TIMEOUT_S
    while not stopping.is_set() and clock.monotonic_s() < give_up_at:
        frame = stage.service.engine.frame
        if frame is not None and portfolio_summary(frame).is_complete:
            return
        await clock.sleep(1.0 / PICTURES_PER_S)


def _picture(stage: Stage, console: Console) -> RenderableType:
    service = stage.service
    note = Text.assemble(
        (
            "simulated Bybit · seed and market of your choice: marginwatch demo --help · Ctrl-C ends it\n",
            QUIET,
        ),
        ("dashboard: ", QUIET),
        f"{stage.url}\n",
        ("ask it from another terminal: ", QUIET),
        f"marginwatch alerts --url {stage.url} --token file:{stage.token_file}\n",
        ("alerts are delivered to: ", QUIET),
        f"{stage.inbox}",
    )
    # The engine's own latest frame: one made here would turn its buffers early and count as a frame.
    frame = service.engine.frame or service.engine.run_frame()
    return picture(
        frame,
        stage.changes,
        service.progress(),
        stage.alerts.lines,
        width=console.width,
        height=console.height,
        note=note,
    )


def terminal() -> Console:
    """Return the console of stdout; a file or a pipe gets the picture in full."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(file=sys.stdout, highlight=False, width=FILE_WIDTH, height=FILE_HEIGHT)
