"""Sending e-mails over SMTP, one connection each."""

import asyncio
from collections import OrderedDict
from email.message import EmailMessage

import aiosmtplib

from marginwatch.errors import DeliveryError
from marginwatch.notify.channels.base import Outgoing, Receipt
from marginwatch.notify.channels.email.form import mail
from marginwatch.notify.channels.email.refusal import of_code, of_error
from marginwatch.notify.channels.email.settings import EmailSettings

UNFINISHED_MAX = 256
"""Messages of which it is remembered who has them already."""


class EmailChannel:
    """One server and its recipients.

    Parameters
    ----------
    settings : EmailSettings
        Checked.
    """

    can_edit = False

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._taken: OrderedDict[str, set[str]] = OrderedDict()

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message to all recipients, each asked on its own.

        A server may take it for some recipients and put off others, as greylisting does. Then the attempt has failed, and the
        next one is for the others alone. Whom it refuses for good is named in the receipt, if somebody else has it.

        Raises
        ------
        DeliveryError
            If anybody was put off, or everybody refused.
        """
        letter = mail(outgoing.message, self._settings.sender, self._settings.to)
        taken = self._taken.get(outgoing.message.message_id, set[str]())
        waiting = [one.addr_spec for one in self._settings.to if one.addr_spec not in taken]
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await client.connect()
                refused = await self._transfer(client, letter, waiting)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # The cause is left out: it may repeat what was sent to log in.
            raise of_error(error) from None
        finally:
            client.close()
        self._note(outgoing.message.message_id, taken | (set(waiting) - set(refused)))
        if error := self._failure(refused, has_somebody=bool(taken) or len(refused) < len(waiting)):
            raise error
        self._taken.pop(outgoing.message.message_id, None)
        detail = f"refused for {', '.join(sorted(refused))}" if refused else ""
        return Receipt(reference=str(letter["Message-ID"]), detail=detail)

    async def close(self) -> None:
        """Do nothing: no connection is kept."""

    def _note(self, message_id: str, taken: set[str]) -> None:
        if taken:
            self._taken[message_id] = taken
            self._taken.move_to_end(message_id)
            while len(self._taken) > UNFINISHED_MAX:
                self._taken.popitem(last=False)

    def _failure(self, refused: dict[str, DeliveryError], *, has_somebody: bool) -> DeliveryError | None:
        """Return why the attempt failed as a whole: the first put off, or if nobody has it the first refusal."""
        put_off = [error for error in refused.values() if error.retryable]
        if put_off:
            return put_off[0]
        return None if has_somebody or not refused else next(iter(refused.values()))

    async def _transfer(
        self, client: aiosmtplib.SMTP, letter: EmailMessage, recipients: list[str]
    ) -> dict[str, DeliveryError]:
        """Return who was refused, and why.

        Raises
        ------
        SMTPException, OSError
            If the message got to nobody.
        """
        try:
            refused, _ = await client.sendmail(self._settings.sender.addr_spec, recipients, letter.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {one.recipient: of_code(one.code, one.message) for one in error.recipients}
        return {name: of_code(answer.code, answer.message) for name, answer in refused.items()}

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout_s,
            use_tls=settings.is_tls_at_once,
            start_tls=settings.tls is not None and not settings.is_tls_at_once,
            tls_context=settings.tls,
            username=settings.username,
            password=settings.password.reveal() if settings.password else None,
        )
