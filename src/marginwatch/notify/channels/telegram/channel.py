"""Sends messages into one Telegram chat, and changes them in place."""

from typing import Any

import msgspec

from marginwatch.errors import DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.http_post import HttpPost, http_address
from marginwatch.notify.channels.telegram.bot_api import BotApi
from marginwatch.notify.channels.telegram.config import TelegramTable
from marginwatch.notify.channels.telegram.form import fits, keyboard_of, text_of
from marginwatch.notify.channels.telegram.polling import Poller
from marginwatch.notify.channels.trimming import fitted
from marginwatch.notify.messages.message import Message

_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message to be edited")


class _Chat(msgspec.Struct, frozen=True):
    id: int


class _Sent(msgspec.Struct, frozen=True):
    message_id: int
    chat: _Chat


class TelegramChannel:
    """One bot in one chat.

    Parameters
    ----------
    table : TelegramTable
        Its configuration.
    token : Secret
        Of the bot.
    context : ChannelContext
        Connections, clock, acknowledgement.

    Raises
    ------
    ConfigError
        If the token, the base URL or the proxy is none.
    """

    def __init__(self, table: TelegramTable, token: Secret, context: ChannelContext) -> None:
        http = HttpPost(context, "telegram", table.timeout_s, table.proxy, (token,))
        self._api = BotApi(http, http_address(table.base_url, "base_url"), token)
        self._http = http
        self._table = table
        self._poller = (
            Poller(self._api, table, context)
            if table.polling and context.on_acknowledge is not None
            else None
        )

    @property
    def can_edit(self) -> bool:
        """True: ``editMessageText``."""
        return True

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send or change one message; see :class:`Channel`."""
        message = harmless_message(outgoing.message)
        content: dict[str, Any] = {
            "text": fitted(message, text_of, fits),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if self._poller is not None and (keyboard := keyboard_of(message)) is not None:
            content["reply_markup"] = keyboard
        if (
            outgoing.replaces is not None
            and (edited := await self._edit(outgoing.replaces, content)) is not None
        ):
            return edited
        return await self._send_new(message, content)

    async def listen(self) -> None:
        """Take pressed buttons until canceled; return at once if nobody wants them."""
        if self._poller is not None:
            await self._poller.run()

    async def close(self) -> None:
        """Give nothing back: the connections are shared."""

    async def _edit(self, reference: str, content: dict[str, Any]) -> Receipt | None:
        """Change an earlier message; None if it is gone or too old."""
        chat, _, number = reference.rpartition("/")
        if not number.isdigit() or not chat:
            return None
        place = {"chat_id": int(chat) if chat.lstrip("-").isdigit() else chat, "message_id": int(number)}
        try:
            await self._api.call("editMessageText", {**place, **content})
        except DeliveryError as error:
            said = error.message.lower()
            if "message is not modified" in said:
                return Receipt(reference=reference, is_edit=True, detail="unchanged")
            if error.code == 400 and any(one in said for one in _GONE):
                return None
            raise
        return Receipt(reference=reference, is_edit=True)

    async def _send_new(self, message: Message, content: dict[str, Any]) -> Receipt:
        place: dict[str, Any] = {"chat_id": self._table.chat}
        if self._table.thread is not None:
            place["message_thread_id"] = self._table.thread
        if message.severity == Severity.INFO:
            place["disable_notification"] = True
        result = await self._api.call("sendMessage", {**place, **content})
        try:
            sent = msgspec.json.decode(result, type=_Sent)
        except msgspec.DecodeError:
            # Telegram has taken it ("ok" is true); only its name is not known, so it cannot be changed later.
            return Receipt(detail="sent, but the answer names no message")
        return Receipt(reference=f"{sent.chat.id}/{sent.message_id}")
