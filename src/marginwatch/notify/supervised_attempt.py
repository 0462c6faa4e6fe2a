"""One attempt to send, of which every end is known: a receipt, or a delivery error; never anything else."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import structlog

from marginwatch.errors import DeliveryError
from marginwatch.notify.channels.base import Receipt

log = structlog.get_logger(__name__)

DEFECT = "defect"
"""Reason of an error that no channel should raise; that one message goes another way, everything else goes on."""


async def attempt(
    send: Callable[[], Awaitable[Receipt]], channel: str, timeout_s: float
) -> Receipt | DeliveryError:
    """Return what came of one attempt.

    Parameters
    ----------
    send : callable
        Composes and sends.
    channel : str
        Name of the channel, for the log.
    timeout_s : float
        After so long it has failed, whatever the channel still does.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await send()
    except DeliveryError as error:
        return error
    except TimeoutError:
        return DeliveryError(f"no answer within {timeout_s:g} s", reason="timeout", retryable=True)
    except Exception as error:
        # The text of an unforeseen error may hold what was sent, so only its kind and place are told.
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        log.error(  # noqa: TRY400  # the traceback's last line would be that text
            "sending failed by a defect of ours",
            channel=channel,
            error=kind,
            place=f"{place.filename}:{place.lineno}",
        )
        return DeliveryError(f"{kind}, a defect of ours", reason=DEFECT, retryable=False)
