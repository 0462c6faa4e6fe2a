"""The reply envelope of every REST call, and refusals as exceptions that become one.

Bybit answers nearly everything with HTTP 200 and says in ``retCode`` what happened.
Document: v5/guide, v5/error (2026-07).
"""

from collections.abc import Mapping
from typing import Final

import msgspec

Result = Mapping[str, object]

PARAMETER: Final = 10001
TIME_WINDOW: Final = 10002
KEY_INVALID: Final = 10003
SIGNATURE: Final = 10004
PERMISSION: Final = 10005
RATE_LIMIT: Final = 10006
IP_UNBOUND: Final = 10010
SERVER: Final = 10016
NO_ROUTE: Final = 10017
KEY_EXPIRED: Final = 33004

_ENCODER = msgspec.json.Encoder()


class RefusalError(Exception):
    """A call answered with a retCode other than 0.

    Parameters
    ----------
    ret_code : int
        Bybit's number, see the constants of this module.
    message : str
        The text that goes into ``retMsg``.
    status : int, default=200
        HTTP status.
    """

    def __init__(self, ret_code: int, message: str, status: int = 200) -> None:
        super().__init__(f"{ret_code} {message}")
        self.ret_code = ret_code
        self.message = message
        self.status = status


def permission_denied() -> RefusalError:
    """Return the refusal of a call that the key may not make."""
    return RefusalError(PERMISSION, "Permission denied, please check your API key permissions.")


def too_many_visits() -> RefusalError:
    """Return the refusal of a call beyond the limit of its endpoint."""
    return RefusalError(RATE_LIMIT, "Too many visits. Exceeded the API Rate Limit.")


def bad_parameter(message: str) -> RefusalError:
    """Return the refusal of a call with a wrong or missing parameter."""
    return RefusalError(PARAMETER, message)


def reply(result: Result | msgspec.Raw, time_ms: int, *, ret_code: int = 0, message: str = "OK") -> bytes:
    """Return the envelope around a result, as sent.

    Parameters
    ----------
    result : mapping or msgspec.Raw
        Goes into ``result``, as JSON if it is that already; ``{}`` for a refusal.
    time_ms : int
        The exchange's clock, milliseconds since the epoch.
    ret_code, message
        0 and ``OK`` for a success.
    """
    return _ENCODER.encode(
        {"retCode": ret_code, "retMsg": message, "result": result, "retExtInfo": {}, "time": time_ms}
    )
