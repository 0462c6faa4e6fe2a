"""One defect must not stand in the way of every later alert: what cannot be written for a defect is told and passed by."""

import traceback
from collections.abc import Awaitable, Callable

import structlog

from marginwatch.errors import MarginwatchError

log = structlog.get_logger(__name__)


async def defect_in(write: Callable[[], Awaitable[None]], what: str) -> Exception | None:
    """Return None if ``write`` went through, else the defect that it died of, which is logged.

    Parameters
    ----------
    write : callable
        Writes all or nothing.
    what : str
        What was to be written, for the log.

    Raises
    ------
    MarginwatchError
        If it failed for a reason that may pass: whoever called tries again.
    """
    try:
        await write()
    except MarginwatchError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error(  # noqa: TRY400  # a traceback would show the texts of the alert over pages
            "alerts not written by a defect of ours",
            what=what,
            error=f"{type(error).__name__}: {error}"[:300],
            place=f"{place.filename}:{place.lineno}",
        )
        return error
    return None
