"""One complete frame, for commands that look once."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence

import numpy as np

from marginwatch.app.service import Service, running
from marginwatch.bookfile.writing import Gathered
from marginwatch.config.settings import Config
from marginwatch.errors import ConnectivityError
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.measures.freshness import Inclusion

ONE_SHOT_TIMEOUT_S = 60.0
UNREACHABLE_AFTER_S = 15.0
"""A reading is given up earlier where every attempt failed for this long."""

AWAITED_TOLD_EVERY_S = 1.0
PRICES_TIMEOUT_S = 5.0
FACTS_TIMEOUT_S = 20.0
"""Tiers, haircuts and fees of many accounts take as many calls; what has not come by then is missing with its reason."""

CLOSES_TIMEOUT_S = 90.0
"""Two calls a coin, after everything else."""

FRESH_TIMEOUT_S = 15.0
"""While facts came in an account's figures may have become too old; its next reading is waited for this long."""

PRICES_POLL_S = 0.05


async def one_shot(
    config: Config,
    *,
    timeout_s: float = ONE_SHOT_TIMEOUT_S,
    on_wait: Callable[[Sequence[Connectivity]], None] | None = None,
    asked: Asked | None = None,
    wants_closes: bool = False,
) -> Frame:
    """Return the first complete frame of the configured accounts, prices included; nothing is written down.

    Parameters
    ----------
    config : Config
        Whom to read.
    timeout_s : float, default=60
        How long to wait for accounts that may still answer.
    on_wait : callable, optional
        Hears about once a second which accounts have not answered yet.
    asked : Asked, optional
        What is wanted of what is too heavy for a frame; None: nothing.
    wants_closes : bool, default=False
        Whether price histories are fetched for it first.

    Raises
    ------
    ConnectivityError
        If no account answered within ``timeout_s``, or if after 15 s every attempt has failed; with the first failure.
        Accounts that did not answer while others did are in the frame's *not included*.
    """
    async with reading(config, timeout_s=timeout_s, on_wait=on_wait, wants_closes=wants_closes) as service:
        frame = await _priced_frame(service)
        if asked is None:
            return frame
        await service.answer(asked)
        return service.engine.run_frame()


async def gather_once(
    config: Config, on_wait: Callable[[Sequence[Connectivity]], None] | None = None
) -> Gathered:
    """Return the whole book of the configured accounts, read once; see :func:`one_shot`."""
    async with reading(config, on_wait=on_wait) as service:
        await _priced_frame(service)
        return service.gather_book()


@contextlib.asynccontextmanager
async def reading(
    config: Config,
    *,
    timeout_s: float = ONE_SHOT_TIMEOUT_S,
    on_wait: Callable[[Sequence[Connectivity]], None] | None = None,
    wants_closes: bool = False,
) -> AsyncGenerator[Service]:
    """Run a service that has heard every account and fact it can; see :func:`one_shot`."""
    service = Service(config, is_recording=False, is_heavy=False, wants_closes=wants_closes)
    async with running(service):
        await _wait_for_answers(service, timeout_s, on_wait)
        await _wait_until(service, service.are_facts_read, FACTS_TIMEOUT_S)
        if wants_closes:
            await _wait_until(
                service, lambda: service.are_closes_read() and service.closes_version() > 0, CLOSES_TIMEOUT_S
            )
        yield service


async def _wait_until(service: Service, is_so: Callable[[], bool], timeout_s: float) -> None:
    give_up_at = service.clock.monotonic_s() + timeout_s
    while not is_so() and service.clock.monotonic_s() < give_up_at:
        await service.clock.sleep(PRICES_POLL_S)


async def _wait_for_answers(
    service: Service, timeout_s: float, on_wait: Callable[[Sequence[Connectivity]], None] | None
) -> None:
    started_s = service.clock.monotonic_s()
    waited_s = 0.0
    while not await service.wait_until_complete(min(AWAITED_TOLD_EVERY_S, timeout_s - waited_s)):
        waited_s = service.clock.monotonic_s() - started_s
        links = [status.connectivity for status in service.statuses()]
        awaited = [
            link
            for link in links
            if link.reconciled_at_ns is None and link.link_state is not LinkState.STOPPED
        ]
        is_hopeless = waited_s >= UNREACHABLE_AFTER_S and all(
            link.link_state is LinkState.LOST for link in awaited
        )
        is_silent = all(link.reconciled_at_ns is None for link in links)
        if is_silent and (is_hopeless or waited_s >= timeout_s):
            reason = next((link.reason for link in awaited if link.reason), "nothing was heard of any")
            raise ConnectivityError(
                f"no account answered within {waited_s:.0f} s ({reason}); see marginwatch check"
            )
        if waited_s >= timeout_s:
            return
        if on_wait is not None:
            on_wait(awaited)


async def _priced_frame(service: Service) -> Frame:
    """Return a frame with all prices and nobody gone stale; after a short wait one that says what is missing."""
    started_s = service.clock.monotonic_s()
    while True:
        frame = service.engine.run_frame()
        waited_s = service.clock.monotonic_s() - started_s
        has_prices = frame.rows.unvalued.size == 0 and not np.isnan(frame.holdings.wallet_usd).any()
        needs_prices = not has_prices and waited_s < PRICES_TIMEOUT_S
        needs_news = _has_lapsed(frame) and waited_s < FRESH_TIMEOUT_S
        if not (needs_prices or needs_news):
            return frame
        await service.clock.sleep(PRICES_POLL_S)


def _has_lapsed(frame: Frame) -> bool:
    """Return whether somebody was heard in full, but not lately enough to count in the frame."""
    lapsed = np.flatnonzero((frame.inclusion == Inclusion.STALE) | (frame.inclusion == Inclusion.LOST))
    links = [frame.book.links[row] for row in lapsed.tolist()]
    return any(link is not None and link.reconciled_at_ns is not None for link in links)
