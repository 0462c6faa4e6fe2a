"""Methods of Telegram's Bot API, and what its answers mean."""

import re
from typing import Any

import msgspec
from yarl import URL

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.http_post import RETRY_AFTER_S_MAX, Answer, HttpPost

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")


class Parameters(msgspec.Struct, frozen=True):
    """``ResponseParameters``: how an error can be dealt with."""

    retry_after: float | None = None
    migrate_to_chat_id: int | None = None


class Envelope(msgspec.Struct, frozen=True):
    """Every answer: ``result`` if ``ok``, else a description."""

    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""
    error_code: int = 0
    parameters: Parameters = Parameters()


class BotApi:
    """Calls of one bot.

    Parameters
    ----------
    http : HttpPost
        The connection; it knows the token as a secret.
    base_url : URL
        Without the token.
    token : Secret
        Of the bot; it becomes part of the URL.

    Raises
    ------
    ConfigError
        If the token does not look like one.
    """

    def __init__(self, http: HttpPost, base_url: URL, token: Secret) -> None:
        if not _TOKEN.fullmatch(token.reveal()):
            raise ConfigError("token is no token of a Telegram bot (123456:ABC…); ask @BotFather for it")
        self._http = http
        self._base_url = base_url
        self._token = token

    async def call(
        self, method: str, arguments: dict[str, Any], timeout_s: float | None = None
    ) -> msgspec.Raw:
        """Return the result of a method.

        Raises
        ------
        DeliveryError
            With the description that Telegram gave.
        """
        url = self._base_url / f"bot{self._token.reveal()}" / method
        answer = await self._http.send(url, arguments, timeout_s=timeout_s)
        envelope = self._http.read(answer, Envelope)
        if envelope.ok:
            return envelope.result
        raise self._error(answer, envelope)

    def _error(self, answer: Answer, envelope: Envelope) -> DeliveryError:
        said = envelope.description or "no description"
        code = envelope.error_code or answer.status
        wait_s = envelope.parameters.retry_after
        if code == 429:
            wait_s = wait_s if wait_s is not None else self._http.retry_after_s(answer)
            wait_s = min(max(wait_s, 0.0), RETRY_AFTER_S_MAX) if wait_s is not None else None
            return self._http.error("rate_limited", said, retryable=True, code=code, retry_after_s=wait_s)
        if (moved_to := envelope.parameters.migrate_to_chat_id) is not None:
            said = f"the group has become a supergroup; set chat = {moved_to}"
            return self._http.error("not_found", said, code=code)
        if code >= 500:
            return self._http.error("server", said, retryable=True, code=code)
        return self._http.error(_reason(code, said.lower()), said, code=code)


def _reason(code: int, said: str) -> str:
    """Return the reason of a permanent error; descriptions as the Bot API has them."""
    # 404 is what a token gets that no bot has; the method is one of ours.
    if code in (401, 403, 404):
        return "auth"
    if "chat not found" in said or "message thread not found" in said:
        return "not_found"
    return "too_long" if "too long" in said or "too_long" in said else "rejected"
