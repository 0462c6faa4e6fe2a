"""What the routes of alerts read from and act on; the service's alerting is one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from marginwatch.model.alert import Acknowledgement, Alert, Transition
from marginwatch.model.delivery import ChannelStanding, ChannelTest, Delivery
from marginwatch.model.silence import Matcher, Silence
from marginwatch.rules.standing import RuleStanding


class TransitionRecord(Protocol):
    """A stored transition."""

    @property
    def id(self) -> int:
        """Rises with every row."""
        ...

    @property
    def value(self) -> Transition:
        """What was stored."""
        ...


class DeliveryRecord(Protocol):
    """A stored attempt to send."""

    @property
    def id(self) -> int:
        """Rises with every row."""
        ...

    @property
    def value(self) -> Delivery:
        """What was stored."""
        ...


class AlertModel(Protocol):
    """Alerts, what was told of them, and what people may do about them.

    Whatever must read or write the store raises ``ConnectivityError`` where it cannot be used now.
    """

    def now_ns(self) -> int:
        """Return the time by which ages and silences are judged, UTC nanoseconds."""
        ...

    def open_alerts(self) -> Sequence[Alert]:
        """Return alerts that are pending or firing, unknown notices among them, with the values last judged."""
        ...

    def standings(self) -> Sequence[RuleStanding]:
        """Return how each rule in force stands, in the order of the rules."""
        ...

    def version_of_alerts(self) -> int:
        """Return what rises when an alert comes, changes its state or severity, or goes."""
        ...

    def version_of_people(self) -> int:
        """Return what rises when somebody acknowledges or silences, and when that begins or ends."""
        ...

    def version_of_told(self) -> int:
        """Return what rises when a message is made or goes out."""
        ...

    async def resolved_alerts(self, limit: int) -> Sequence[Alert]:
        """Return alerts that fired and have resolved, the last to resolve first."""
        ...

    async def channel_standings(self, alert_ids: Sequence[str]) -> Mapping[str, Sequence[ChannelStanding]]:
        """Return for each of these alerts that was to be told what became of its newest row in each channel."""
        ...

    async def transitions(
        self,
        *,
        before_id: int | None = None,
        limit: int = 100,
        key: str | None = None,
        account_id: str | None = None,
    ) -> Sequence[TransitionRecord]:
        """Return transitions, newest first."""
        ...

    async def deliveries(
        self,
        *,
        before_id: int | None = None,
        limit: int = 100,
        channel: str | None = None,
        key: str | None = None,
    ) -> Sequence[DeliveryRecord]:
        """Return attempts to send, newest first."""
        ...

    async def acknowledge(
        self, alert_id: str, author: str, comment: str, for_s: float
    ) -> Acknowledgement | None:
        """Acknowledge a firing alert at its severity of now; None if none of that id fires."""
        ...

    async def acknowledgements(self) -> Sequence[Acknowledgement]:
        """Return the last acknowledgement of each open alert, ended ones among them."""
        ...

    async def add_silence(
        self, matchers: Sequence[Matcher], author: str, comment: str, from_ns: int, until_ns: int
    ) -> Silence:
        """Add a silence."""
        ...

    async def end_silence(self, silence_id: str) -> bool:
        """End a silence now; False if there is none of that name that could be ended."""
        ...

    async def silences(self) -> Sequence[Silence]:
        """Return silences that hold now or will."""
        ...

    async def test_channels(self) -> Sequence[ChannelTest]:
        """Send a test through every channel, all at once, and return what came of each."""
        ...
