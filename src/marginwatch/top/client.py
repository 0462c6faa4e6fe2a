"""Asks a running service in the background; every way in which it may not answer is an error with its reason."""

import os
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.secret import Secret

TIMEOUT_S = 10.0
PULSE_TIMEOUT_S = 0.8
REASON_CHARACTERS_MAX = 300

T = TypeVar("T", bound=msgspec.Struct)


class Client:
    """Speaks to one service.

    Parameters
    ----------
    url : str
        Base URL.
    token : Secret
        Shown with every request.
    http : aiohttp.ClientSession
        Open for as long as this is used.
    """

    def __init__(self, url: str, token: Secret, http: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._http = http

    async def read(self, path: str, shape: type[T]) -> T:
        """Return the reply to one GET.

        Raises
        ------
        ConfigError
            If the service refuses what it is asked, in its own words.
        ConnectivityError
            If nothing answers, or not as a service of this version does.
        """
        return _decoded(await self._ask("GET", path, None), shape)

    async def change(self, path: str, body: object, shape: type[T]) -> T:
        """Return the reply to one request that changes something; raises as :meth:`read`."""
        return _decoded(await self._ask("POST", path, msgspec.json.encode(body)), shape)

    async def feel_pulse(self) -> None:
        """Return if the service lives and makes new frames; raises as :meth:`read`, and soon."""
        await self._ask("GET", "/healthz", None, PULSE_TIMEOUT_S)

    async def _ask(self, method: str, path: str, data: bytes | None, timeout_s: float = TIMEOUT_S) -> bytes:
        try:
            async with self._http.request(
                method,
                # As it is: a name with dots in it is no way up.
                URL(self._url + path, encoded=True),
                data=data,
                headers=self._headers(has_body=data is not None),
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                # Whoever sends us elsewhere would be handed the token.
                allow_redirects=False,
            ) as reply:
                body = await reply.read()
        except TimeoutError as error:
            raise ConnectivityError(f"no answer for {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConnectivityError(_reason(error)) from error
        if reply.status in (200, 201, 204):
            return body
        raise _refusal(reply.status, body)

    def _headers(self, *, has_body: bool) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Accept": "application/json"}
        return {**headers, "Content-Type": "application/json"} if has_body else headers


def _reason(error: Exception) -> str:
    """Return why a connection failed, in the system's words where it has some: ``Connection refused``."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return _one_line(str(error) or type(error).__name__)


def _refusal(status: int, body: bytes) -> ConfigError | ConnectivityError:
    # Our refusals begin with their number; a page of another program is no verdict on what we asked.
    text = body[: 2 * REASON_CHARACTERS_MAX].decode(errors="replace")
    is_ours = text.startswith(f"{status}: ")
    words = _one_line(text.removeprefix(f"{status}: "))
    if status in (401, 403):
        return ConfigError(
            f"the service refuses: {words}" if is_ours else "the service does not accept the token"
        )
    if status == 503:
        return ConnectivityError(words or "the service is not ready")
    if is_ours and status < 500:
        return ConfigError(words)
    return ConnectivityError(f"it answers {status}: {words}" if words else f"it answers {status}")


def _decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except msgspec.DecodeError as error:
        raise ConnectivityError(
            f"this is no marginwatch service of this version: {_one_line(str(error))}"
        ) from error


def _one_line(text: str) -> str:
    return " ".join(text.split())[:REASON_CHARACTERS_MAX]
