"""Frames of Bybit's sockets that we send, and what its answers mean; pure functions of their arguments.

Of the private topics we take those that describe the account. One group of topics makes the exchange cancel a user's
orders when the connection ends, and is never subscribed.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from marginwatch.errors import ConfigError, MarginwatchError
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import Event, MarksUpdate
from marginwatch.model.ids import Asset
from marginwatch.model.instrument import Instrument
from marginwatch.venues.bybit.auth import Credentials
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.errors import error_for_auth_refusal
from marginwatch.venues.bybit.manifest import ARGS_CHARACTERS_MAX, OPTION_TOPICS_MAX, SPOT_TOPICS_PER_REQUEST
from marginwatch.venues.bybit.parse.control import StreamControl
from marginwatch.venues.bybit.parse.market_news import MarketNews, parse_market_frame
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame
from marginwatch.venues.bybit.parse.public_stream import parse_public_frame

TOPICS_PER_REQUEST: Final = 100
"""Topics of one subscribe request, our own bound where the venue has none: a refused topic costs its own request."""

CHARACTERS_PER_TOPIC: Final = 3
"""Quotes and comma around each topic, counted with it to stay on the safe side, as the brackets are."""

BOOK_LEVELS: Final = 50
POOL_GROUPS: Final = ("USDT", "USDC", "inverse")
"""Of ``insurance`` and ``adlAlert`` (docs: v5/websocket/public/insurance-pool)."""

DERIVATIVES: Final = ("linear", "inverse", "option")

ALL_IN_ONE: Final = ("position", "execution", "order", "wallet")

CATEGORISED: Final = tuple(
    f"{topic}.{category}" for topic in ("position", "execution", "order") for category in DERIVATIVES
)

_REFUSED_TOPIC = re.compile(r"topic:\s*([^\s,]+)")
_REFUSED_TOPICS = "refused topics:"


class Control(Protocol):
    """What is needed of an answer to understand it."""

    @property
    def code(self) -> int | None:
        """The venue's code."""
        ...

    @property
    def message(self) -> str:
        """The venue's words."""
        ...


class Subscription(NamedTuple):
    """One subscribe request; the account can be followed without the optional ones."""

    frame: bytes
    is_optional: bool


class BybitStream:
    """What Bybit's sockets are told and how their frames are read.

    Parameters
    ----------
    catalog : InstrumentCatalog
        Contracts of this venue.
    """

    def __init__(self, catalog: InstrumentCatalog) -> None:
        self._catalog = catalog

    def login(self, spec: AccountSpec, expires_at_ns: int) -> bytes:
        """Return the ``auth`` request; ``expires_at_ns`` is on the venue's clock, UTC nanoseconds.

        Raises
        ------
        ConfigError
            If the credentials cannot be used at all.
        """
        return _request("auth", Credentials.of(spec).stream_auth_args(expires_at_ns))

    def login_error(self, control: Control, spec: AccountSpec) -> MarginwatchError:
        """Return what a refused ``auth`` means: our clock, or the key."""
        return error_for_auth_refusal(
            control.code,
            Credentials.of(spec).redact(control.message),
            venue=spec.venue,
            account_id=spec.account_id,
        )

    def subscribe_private(self, topics: str) -> tuple[Subscription, ...]:
        """Return the requests for an account's topics.

        Categorised topics stand in a request of their own, for the venue refuses a mixture (docs:
        v5/websocket/private/position). Option totals (``greeks``) are optional.

        Parameters
        ----------
        topics : {'all-in-one', 'categorised'}
            As the account is configured.

        Raises
        ------
        ConfigError
            For another form.
        """
        greeks = Subscription(_request("subscribe", ("greeks",)), is_optional=True)
        if topics == "all-in-one":
            return (Subscription(_request("subscribe", ALL_IN_ONE), is_optional=False), greeks)
        if topics == "categorised":
            return (
                Subscription(_request("subscribe", CATEGORISED), is_optional=False),
                Subscription(_request("subscribe", ("wallet",)), is_optional=False),
                greeks,
            )
        raise ConfigError(f"topics = {topics!r}: write 'all-in-one' or 'categorised'")

    def ping(self) -> bytes:
        """Return the JSON ping; protocol pings are not what keeps this venue's sockets open."""
        return b'{"op":"ping"}'

    def read_private(
        self, frame: bytes, spec: AccountSpec, ts_received_ns: int
    ) -> tuple[Event, ...] | StreamControl:
        """Return the updates or the answer in a private frame; ProtocolError if it cannot be read."""
        return parse_private_frame(frame, spec.account_id, self._catalog, ts_received_ns)

    def read_public(self, frame: bytes, category: str, ts_received_ns: int) -> MarksUpdate | StreamControl:
        """Return the prices or the answer in a public frame; ProtocolError if it cannot be read."""
        return parse_public_frame(frame, category, self._catalog, ts_received_ns)

    def read_market(self, frame: bytes, category: str, ts_received_ns: int) -> MarketNews | StreamControl:
        """Return what a public frame says beside prices, or the answer in it; ProtocolError if it cannot be read."""
        return parse_market_frame(frame, category, self._catalog.venue, self._catalog, ts_received_ns)

    def market_topics(self, instrument: Instrument) -> tuple[str, ...]:
        """Return the topics of a contract's order book, its liquidations, its insurance pools and alerts.

        Perpetuals and futures have them; pools and alerts come by settlement coin, those of inverse contracts together.
        """
        if instrument.category not in ("linear", "inverse"):
            return ()
        symbol = instrument.venue_symbol
        group = "inverse" if instrument.is_inverse else instrument.settle_asset
        topics = (f"orderbook.{BOOK_LEVELS}.{symbol}", f"allLiquidation.{symbol}")
        return (*topics, f"insurance.{group}", f"adlAlert.{group}") if group in POOL_GROUPS else topics

    def ticker_topic(self, instrument: Instrument) -> str:
        """Return ``tickers.SYMBOL``."""
        return f"tickers.{instrument.venue_symbol}"

    def subscribe_public(self, category: str, topics: Sequence[str]) -> tuple[bytes, ...]:
        """Return the subscribe requests, none with more topics than the category allows in one."""
        return _chunks("subscribe", category, topics)

    def unsubscribe_public(self, category: str, topics: Sequence[str]) -> tuple[bytes, ...]:
        """Return the unsubscribe requests, in chunks of the same size."""
        return _chunks("unsubscribe", category, topics)

    def fits_public(self, category: str, topics: Iterable[str], one_more: str) -> bool:
        """Return whether a connection that has ``topics`` may take ``one_more``."""
        n_topics, characters = 1, len(one_more) + CHARACTERS_PER_TOPIC + 1
        for topic in topics:
            n_topics += 1
            characters += len(topic) + CHARACTERS_PER_TOPIC
        if category == "option" and n_topics > OPTION_TOPICS_MAX:
            return False
        return characters <= ARGS_CHARACTERS_MAX

    def refused_topics(self, control: Control) -> tuple[str, ...]:
        """Return the topics that a refused subscription names; empty if it names none."""
        words = control.message
        if words.startswith(_REFUSED_TOPICS):
            return tuple(
                topic.strip() for topic in words.removeprefix(_REFUSED_TOPICS).split(",") if topic.strip()
            )
        return tuple(_REFUSED_TOPIC.findall(words))

    def conversion_instruments(self) -> tuple[Instrument, ...]:
        """Return the contracts whose indices, compared, say what USDT and USDC are worth in USD.

        They are BTC's index in USD, in USDT and in USDC.
        """
        resolve = self._catalog.resolve
        return resolve("inverse", "BTCUSD"), resolve("linear", "BTCUSDT"), resolve("linear", "BTCPERP")

    def collateral_instrument(self, asset: Asset) -> Instrument | None:
        """Return the spot pair whose ticker has the coin's USD index; None for those that conversions price."""
        if asset in ("USDT", "USD"):
            return None
        return self._catalog.resolve("spot", f"{asset}USDT")


def _request(operation: str, arguments: Sequence[object]) -> bytes:
    return msgspec.json.encode({"op": operation, "args": arguments})


def _chunks(operation: str, category: str, topics: Sequence[str]) -> tuple[bytes, ...]:
    size = SPOT_TOPICS_PER_REQUEST if category == "spot" else TOPICS_PER_REQUEST
    return tuple(_request(operation, topics[at : at + size]) for at in range(0, len(topics), size))
