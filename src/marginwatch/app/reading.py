"""One complete frame, for commands that look once."""

from collections.abc import Callable, Sequence

import numpy as np

from marginwatch.app.service import Service, running
from marginwatch.config.settings import Config
from marginwatch.errors import ConnectivityError
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.risk.frame import Frame

ONE_SHOT_TIMEOUT_S = 60.0
UNREACHABLE_AFTER_S = 15.0
"""A reading is given up earlier where every attempt failed for this long."""

AWAITED_TOLD_EVERY_S = 1.0
PRICES_TIMEOUT_S = 5.0
PRICES_POLL_S = 0.05


async def one_shot(
    config: Config,
    *,
    timeout_s: float = ONE_SHOT_TIMEOUT_S,
    on_wait: Callable[[Sequence[Connectivity]], None] | None = None,
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

    Raises
    ------
    ConnectivityError
        If no account answered within ``timeout_s``, or if after 15 s every attempt has failed; with the first failure.
        Accounts that did not answer while others did are in the frame's *not included*.
    """
    async with running(Service(config, is_recording=False)) as service:
        await _wait_for_answers(service, timeout_s, on_wait)
        return await _priced_frame(service)


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
    """Return a frame with all prices, or after a short wait one that says which are missing."""
    give_up_at = service.clock.monotonic_s() + PRICES_TIMEOUT_S
    while True:
        frame = service.engine.run_frame()
        has_all = frame.rows.unvalued.size == 0 and not np.isnan(frame.holdings.wallet_usd).any()
        if has_all or service.clock.monotonic_s() >= give_up_at:
            return frame
        await service.clock.sleep(PRICES_POLL_S)
