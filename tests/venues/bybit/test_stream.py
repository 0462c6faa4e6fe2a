"""What Bybit's sockets are told."""

import hashlib
import hmac
import json

import pytest

from marginwatch.errors import AuthError, ConfigError
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.control import StreamControl
from marginwatch.venues.bybit.stream import BybitStream

SPEC = AccountSpec(
    account_id=AccountId("a"),
    exchange="bybit",
    venue=VenueId("bybit"),
    endpoints=Endpoints(rest="", private="", public={}),
    api_key=Secret("the-key"),
    api_secret=Secret("the-secret"),
)


@pytest.fixture
def stream() -> BybitStream:
    return BybitStream(InstrumentCatalog(VenueId("bybit")))


def args_of(frame: bytes) -> list[str]:
    return json.loads(frame)["args"]


def test_a_log_in_signs_its_expiry(stream: BybitStream) -> None:
    message = json.loads(stream.login(SPEC, 1_700_000_010_000_999_999))
    signature = hmac.new(b"the-secret", b"GET/realtime1700000010000", hashlib.sha256).hexdigest()
    assert message == {"op": "auth", "args": ["the-key", 1_700_000_010_000, signature]}


@pytest.mark.parametrize("form", ["all-in-one", "categorised"])
def test_forms_of_topics_never_share_a_request_and_none_can_cancel_orders(
    stream: BybitStream, form: str
) -> None:
    requests = stream.subscribe_private(form)
    for request in requests:
        topics = args_of(request.frame)
        assert len({"." in topic for topic in topics}) == 1
        assert not [topic for topic in topics if "dcp" in topic]
    everything = {topic.partition(".")[0] for request in requests for topic in args_of(request.frame)}
    assert everything == {"position", "execution", "order", "wallet", "greeks"}
    assert [request.is_optional for request in requests] == [False] * (len(requests) - 1) + [True]


def test_another_form_is_refused_with_the_two_that_exist(stream: BybitStream) -> None:
    with pytest.raises(ConfigError, match="'all-in-one' or 'categorised'"):
        stream.subscribe_private("both")


@pytest.mark.parametrize(("category", "most"), [("spot", 10), ("linear", 100), ("option", 100)])
def test_requests_stay_within_the_bound_of_their_category(
    stream: BybitStream, category: str, most: int
) -> None:
    topics = [f"tickers.COIN{number}USDT" for number in range(205)]
    requests = [args_of(frame) for frame in stream.subscribe_public(category, topics)]
    assert [topic for request in requests for topic in request] == topics
    assert max(map(len, requests)) == most
    assert stream.subscribe_public(category, []) == ()
    assert json.loads(stream.unsubscribe_public(category, topics[:1])[0]) == {
        "op": "unsubscribe",
        "args": topics[:1],
    }


def test_a_connection_holds_21_000_characters_of_topics_and_2_000_options(stream: BybitStream) -> None:
    for category, topic, most in (
        ("linear", "tickers.1000PEPEUSDT-{:06d}", 21_000),
        ("option", "t{:04d}", 21_000),
    ):
        held: list[str] = []
        while stream.fits_public(category, held, topic.format(len(held))) and len(held) < 5000:
            held.append(topic.format(len(held)))
        assert len(json.dumps(held, separators=(",", ":"))) <= most
        assert len(held) > 500
        assert category != "option" or len(held) <= 2000


def control(message: str, code: int | None = None) -> StreamControl:
    return StreamControl("auth", False, code, message, None)


def test_a_refused_log_in_is_our_clock_or_the_key_and_quotes_neither(stream: BybitStream) -> None:
    clock = stream.login_error(control("Params Error"), SPEC)
    assert (clock.reason, clock.retryable) == ("clock_skew", True)
    key = stream.login_error(control("unknown key the-key signed with the-secret"), SPEC)
    assert isinstance(key, AuthError)
    assert not key.retryable
    assert "the-key" not in str(key)
    assert "the-secret" not in str(key)


def test_refused_topics_are_found_in_both_shapes(stream: BybitStream) -> None:
    assert stream.refused_topics(control("error:handler not found,topic:tickers.X")) == ("tickers.X",)
    assert stream.refused_topics(control("refused topics: tickers.A, tickers.B")) == (
        "tickers.A",
        "tickers.B",
    )
    assert stream.refused_topics(control("error:invalid op")) == ()


def test_coins_are_priced_by_their_spot_pair_and_dollars_by_btc(stream: BybitStream) -> None:
    pair = stream.collateral_instrument("XRP")
    assert pair is not None
    assert (pair.category, stream.ticker_topic(pair)) == ("spot", "tickers.XRPUSDT")
    assert stream.collateral_instrument("USDT") is None
    assert stream.collateral_instrument("USD") is None
    names = [(one.category, one.venue_symbol) for one in stream.conversion_instruments()]
    assert names == [("inverse", "BTCUSD"), ("linear", "BTCUSDT"), ("linear", "BTCPERP")]
