"""Pushing alerts to an Alertmanager."""

import base64
from collections.abc import Mapping

from yarl import URL

from marginwatch.config.durations import seconds_of
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.alertmanager.config import AlertmanagerTable
from marginwatch.notify.channels.alertmanager.form import postable_alerts
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.http_post import HttpPost, http_address

PATH = "api/v2/alerts"
HOLD_LEAST_S = 60.0


class AlertmanagerChannel:
    """One Alertmanager.

    It counts as one that edits in place: pushing an alert again replaces what Alertmanager knew of it, so milder severities
    and doubts get there too, and it decides itself whom to tell.

    Parameters
    ----------
    table : AlertmanagerTable
        As configured.
    secrets : mapping
        By key: ``password``, ``bearer_token``.
    context : ChannelContext
        Connections and clock.

    Raises
    ------
    ConfigError
        If address, credentials or ``hold`` cannot be used.
    """

    can_edit = True

    def __init__(
        self, table: AlertmanagerTable, secrets: Mapping[str, Secret], context: ChannelContext
    ) -> None:
        self._url: URL = http_address(table.url, "url") / PATH
        self._hold_s = _hold_s(table.hold)
        self._headers = _credentials(table, secrets)
        self._clock = context.clock
        self._post = HttpPost(context, "Alertmanager", table.timeout_s, table.proxy, secrets.values())

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Push the alerts of one message.

        Raises
        ------
        DeliveryError
            400 is permanent: Alertmanager says which alert it does not take.
        """
        alerts = postable_alerts(outgoing, self._hold_s, self._clock.now_ns())
        answer = await self._post.send(self._url, alerts, self._headers)
        self._post.raise_for_status(answer)
        reference = outgoing.alerts[0].key if len(outgoing.alerts) == 1 else None
        return Receipt(
            reference=reference, is_edit=outgoing.replaces is not None, detail=f"HTTP {answer.status}"
        )

    async def close(self) -> None:
        """Do nothing: connections are shared."""


def _hold_s(text: str) -> float:
    try:
        hold_s = seconds_of(text)
    except ValueError as error:
        raise ConfigError(f"hold: {error}") from None
    if hold_s < HOLD_LEAST_S:
        raise ConfigError("hold: must be at least 1m, and longer than the route's repeat interval")
    return hold_s


def _credentials(table: AlertmanagerTable, secrets: Mapping[str, Secret]) -> dict[str, Secret]:
    if table.bearer_token is not None and (table.username is not None or table.password is not None):
        raise ConfigError("bearer_token: write either a token, or username and password")
    if (table.username is None) != (table.password is None):
        raise ConfigError("username: write username and password, or neither")
    if table.bearer_token is not None:
        return {"Authorization": Secret(f"Bearer {_one_line(secrets['bearer_token'], 'bearer_token')}")}
    if table.username is not None:
        pair = f"{table.username}:{secrets['password'].reveal()}".encode()
        return {"Authorization": Secret(f"Basic {base64.b64encode(pair).decode()}")}
    return {}


def _one_line(secret: Secret, key: str) -> str:
    text = secret.reveal()
    if not (text.isascii() and text.isprintable()):
        raise ConfigError(f"{key}: what it refers to is not one line of ASCII text")
    return text
