"""The private socket of one account: log in, subscribe, read; what it says goes to the session."""

from typing import Protocol

import structlog

from marginwatch.collect.lifeline import Lifeline
from marginwatch.collect.ports import Control
from marginwatch.collect.services import Services, VenueServices
from marginwatch.errors import AuthError, ConnectivityError, MarginwatchError, ProtocolError, RejectedError
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import Event
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined

log = structlog.get_logger(__name__)

LOGIN_RETRY_S = 300.0
"""Until a log-in is tried again that the venue refused although the key is good: never a loop on a refusal."""

PAYLOAD_BYTES_MAX = 64 * 1024


class LinkOwner(Protocol):
    """The session behind a private socket."""

    def on_opened(self) -> None:
        """Learn that a socket is about to be subscribed: from now on everything is held back."""
        ...

    def on_event(self, event: Event) -> None:
        """Take one event."""
        ...

    def on_subscribed(self) -> None:
        """Learn that nothing is missed from now on."""
        ...

    def on_lost(self) -> None:
        """Learn that the socket is gone."""
        ...

    def on_doubt(self) -> None:
        """Learn that something may have been missed, so a snapshot is wanted soon."""
        ...

    async def on_login_refused(self, error: AuthError) -> None:
        """Learn that the venue refused the key on the stream."""
        ...


class Link:
    """Speaks on the private socket of one account.

    Parameters
    ----------
    spec : AccountSpec
        The account.
    venue, services
        Shared collaborators.
    owner : LinkOwner
        Hears the events.
    """

    __slots__ = (
        "_lost_at_ns",
        "_n_malformed_in_row",
        "_owner",
        "_read",
        "_services",
        "_spec",
        "_venue",
        "data_at_ns",
        "lifeline",
        "n_malformed",
        "n_messages",
    )

    def __init__(self, spec: AccountSpec, venue: VenueServices, services: Services, owner: LinkOwner) -> None:
        self._spec = spec
        self._venue = venue
        self._services = services
        self._owner = owner
        self._read = venue.port.stream.read_private
        self._lost_at_ns: int | None = None
        self._n_malformed_in_row = 0
        self.n_messages = 0
        self.n_malformed = 0
        self.data_at_ns: int | None = None
        self.lifeline = Lifeline(
            venue.port.endpoints.private,
            spec.account_id,
            venue.private_queue,
            services,
            venue.port.stream,
            self,
        )

    async def run(self) -> None:
        """Keep the account's socket, forever."""
        await self.lifeline.run()

    async def greet(self) -> None:
        """Log in and subscribe.

        Raises
        ------
        AuthError
            If the log-in is refused.
        RejectedError
            If a topic is refused that the account cannot be followed without.
        ConnectivityError
            If an answer does not come.
        """
        dialect, services = self._venue.port.stream, self._services
        self._n_malformed_in_row = 0
        expires_ns = self._venue.port.rest.venue_now_ns() + int(services.settings.login_expiry_s * 1e9)
        answer = await self.lifeline.ask(dialect.login(self._spec, expires_ns), "auth")
        if not answer.is_success:
            raise dialect.login_error(answer, self._spec)
        self._owner.on_opened()
        for request in dialect.subscribe_private(self._spec.topics):
            answer = await self.lifeline.ask(request.frame, "subscribe")
            if answer.is_success or answer.already_subscribed:
                continue
            if not request.is_optional:
                raise RejectedError(
                    f"the subscription was refused: {answer.message}",
                    venue=self._spec.venue,
                    account_id=self._spec.account_id,
                    endpoint="subscribe",
                )
            log.info("optional topic refused", account_id=self._spec.account_id, message=answer.message)

    def on_payload(self, payload: bytes, now_ns: int) -> None:
        """Read one frame and hand on what it says; one that cannot be read changes nothing."""
        try:
            said = self._read(payload, self._spec, now_ns)
        except ProtocolError as error:
            self._on_malformed(payload, now_ns, error)
            return
        self._n_malformed_in_row = 0
        if isinstance(said, tuple):
            self.n_messages += 1
            self.data_at_ns = now_ns
            for event in said:
                self._owner.on_event(event)
        else:
            self._on_control(said)

    def _on_control(self, control: Control) -> None:
        if not self.lifeline.answer(control) and not control.is_success and not control.already_subscribed:
            log.warning("stream error", account_id=self._spec.account_id, message=control.message[:200])

    def _on_malformed(self, payload: bytes, now_ns: int, error: ProtocolError) -> None:
        self.n_malformed += 1
        self._n_malformed_in_row += 1
        self._services.on_quarantine(
            Quarantined(
                venue=self._spec.venue,
                account_id=self._spec.account_id,
                source=error.endpoint or "private stream",
                message=error.message,
                payload=payload[:PAYLOAD_BYTES_MAX],
                at_ns=now_ns,
            )
        )
        # What could not be read may have been a change of a position.
        self._owner.on_doubt()
        if self._n_malformed_in_row >= self._services.settings.malformed_max:
            self._services.on_notice(
                Notice(
                    "malformed_stream",
                    self._spec.account_id,
                    f"{self._n_malformed_in_row} frames in a row could not be read; the socket is replaced. "
                    "The payloads are in quarantine.",
                )
            )
            self.lifeline.replace(ProtocolError("too many frames in a row could not be read"))

    def on_up(self) -> None:
        """Tell the session that the account is subscribed."""
        now_ns = self._services.clock.now_ns()
        if self._lost_at_ns is not None:
            seconds = round((now_ns - self._lost_at_ns) / 1e9, 1)
            log.info("stream back", account_id=self._spec.account_id, after_s=seconds)
        self._lost_at_ns = None
        self._owner.on_subscribed()

    def on_down(self, error: MarginwatchError) -> None:
        """Tell the session that the socket is gone."""
        self._say_lost(error)
        self._owner.on_lost()

    async def on_refused(self, error: MarginwatchError) -> float:
        """Learn from a failed attempt: measure the clock, or ask whether the key is still good."""
        self._say_lost(error)
        self._owner.on_lost()
        if isinstance(error, AuthError) and error.reason == "clock_skew":
            try:
                await self._venue.port.rest.sync_clock()
            except MarginwatchError as failure:
                log.warning("clock not measured", account_id=self._spec.account_id, reason=str(failure))
            return 0.0
        if isinstance(error, AuthError):
            await self._owner.on_login_refused(error)
            return LOGIN_RETRY_S
        return error.retry_after_s or (0.0 if isinstance(error, ConnectivityError) else LOGIN_RETRY_S)

    def _say_lost(self, error: MarginwatchError) -> None:
        if self._lost_at_ns is None:
            self._lost_at_ns = self._services.clock.now_ns()
            log.warning("stream lost", account_id=self._spec.account_id, reason=str(error))

    def on_crash(self, error: Exception) -> None:
        """Tell of a crash; the lifeline replaces the socket, and the account is rebuilt from a snapshot."""
        self._services.on_notice(
            Notice(
                "session_crashed",
                self._spec.account_id,
                f"taking a message crashed ({type(error).__name__}); the account is rebuilt from a snapshot.",
            )
        )
