"""Takes pressed buttons by long polling: ``getUpdates``, one after the other, with waits of its own after failures."""

import msgspec
import structlog

from marginwatch.errors import DeliveryError, MarginwatchError
from marginwatch.notify.channels.base import ChannelContext
from marginwatch.notify.channels.harmless import harmless
from marginwatch.notify.channels.telegram.bot_api import BotApi
from marginwatch.notify.channels.telegram.config import TelegramTable
from marginwatch.notify.channels.telegram.form import ACKNOWLEDGE
from marginwatch.notify.channels.trimming import clip

POLL_S = 25
UPDATES_MAX = 50
ANSWER_CHARACTERS_MAX = 200
WHO_CHARACTERS_MAX = 64
BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 60.0

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class User(msgspec.Struct, frozen=True):
    """Who pressed."""

    id: int
    first_name: str = ""
    username: str = ""


class Chat(msgspec.Struct, frozen=True):
    """Where."""

    id: int
    username: str = ""


class Below(msgspec.Struct, frozen=True):
    """The message below which the button is."""

    chat: Chat


class Query(msgspec.Struct, frozen=True):
    """``CallbackQuery``: a pressed button."""

    id: str
    sender: User = msgspec.field(name="from")
    message: Below | None = None
    data: str = ""


class Update(msgspec.Struct, frozen=True):
    """One update; we ask for pressed buttons alone."""

    update_id: int
    callback_query: Query | None = None


class Poller:
    """Hears one bot.

    Parameters
    ----------
    api : BotApi
        Calls.
    table : TelegramTable
        Which chat and whose buttons count.
    context : ChannelContext
        Clock, and where acknowledgements go.
    """

    def __init__(self, api: BotApi, table: TelegramTable, context: ChannelContext) -> None:
        self._api = api
        self._table = table
        self._context = context
        self._offset = 0
        self._backoff_s = 0.0

    async def run(self) -> None:
        """Poll until canceled. An update is confirmed by asking for the next one, so none is lost if we end between."""
        while True:
            try:
                await self.poll()
            except DeliveryError as error:
                await self._wait_after(error)
            else:
                self._note_success()

    async def poll(self) -> int:
        """Ask once, handle what came, and return how many updates there were.

        Raises
        ------
        DeliveryError
            If there was no answer, or none that can be read.
        """
        result = await self._api.call(
            "getUpdates",
            {
                "offset": self._offset,
                "limit": UPDATES_MAX,
                "timeout": POLL_S,
                "allowed_updates": ["callback_query"],
            },
            timeout_s=POLL_S + self._table.timeout_s,
        )
        try:
            updates = msgspec.json.decode(result, type=list[msgspec.Raw])[:UPDATES_MAX]
            numbers = [msgspec.json.decode(raw, type=_Numbered).update_id for raw in updates]
        except msgspec.DecodeError:
            raise DeliveryError(
                "telegram: updates that cannot be read", reason="garbage", retryable=True
            ) from None
        for number, raw in zip(numbers, updates, strict=True):
            # Moved on before it is handled: an update that cannot be read would else come back for a day.
            self._offset = max(self._offset, number + 1)
            await self._take(raw)
        return len(updates)

    async def _take(self, raw: msgspec.Raw) -> None:
        try:
            query = msgspec.json.decode(raw, type=Update).callback_query
        except msgspec.DecodeError:
            return
        if query is not None and self._is_ours(query):
            await self._acknowledge(query)

    def _is_ours(self, query: Query) -> bool:
        if query.message is None or not query.data.startswith(ACKNOWLEDGE):
            return False
        chat, configured = query.message.chat, str(self._table.chat).lower()
        if configured not in (str(chat.id), f"@{chat.username.lower()}"):
            return False
        return not self._table.acknowledgers or query.sender.id in self._table.acknowledgers

    async def _acknowledge(self, query: Query) -> None:
        sender = query.sender
        name = f"{sender.first_name} (@{sender.username})" if sender.username else sender.first_name
        who = clip(harmless(name) or str(sender.id), WHO_CHARACTERS_MAX)
        acknowledge = self._context.on_acknowledge
        if acknowledge is None:
            return
        try:
            said = await acknowledge(query.data.removeprefix(ACKNOWLEDGE), who, self._context.name)
        except MarginwatchError as error:
            said = error.message
        answer = {"callback_query_id": query.id, "text": clip(harmless(said), ANSWER_CHARACTERS_MAX)}
        try:
            await self._api.call("answerCallbackQuery", answer)
        except DeliveryError as error:
            # The acknowledgement holds; only its echo on the phone is lost, as a query is too old after a while.
            _log.info("telegram_answer_lost", channel=self._context.name, reason=error.reason)

    async def _wait_after(self, error: DeliveryError) -> None:
        if not self._backoff_s:
            _log.warning(
                "telegram_polling_lost", channel=self._context.name, reason=error.reason, error=str(error)
            )
        self._backoff_s = min(max(self._backoff_s * 2, BACKOFF_FIRST_S), BACKOFF_MAX_S)
        if not error.retryable:
            self._backoff_s = BACKOFF_MAX_S
        await self._context.clock.sleep(max(self._backoff_s, error.retry_after_s or 0.0))

    def _note_success(self) -> None:
        if self._backoff_s:
            _log.info("telegram_polling_recovered", channel=self._context.name)
        self._backoff_s = 0.0


class _Numbered(msgspec.Struct, frozen=True):
    update_id: int
