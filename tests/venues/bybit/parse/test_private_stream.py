import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marginwatch.errors import ProtocolError
from marginwatch.model.events import BalancesUpdate, FillsUpdate, GreeksUpdate, OrdersUpdate, PositionsUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.control import StreamControl
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame

ME = AccountId("mm-main")
HEARD = 1_700_000_000_000_000_000

POSITION = {"positionIdx": 0, "symbol": "BTCUSDT", "side": "Buy", "size": "1", "category": "linear", "seq": 1}


def frame_of(topic: str, *rows, **more) -> bytes:
    return json.dumps(
        {"id": "x", "topic": topic, "creationTime": 1774779351206, "data": list(rows), **more},
        separators=(",", ":"),
    ).encode()


def read(frame: bytes, catalog=None):
    return parse_private_frame(frame, ME, catalog or InstrumentCatalog(VenueId("bybit")), HEARD)


def test_a_live_position_push() -> None:
    # Captured in 2026-03: a USDC perpetual without positionStatus, createdTime and updatedTime.
    (update,) = read(
        b'{"id":"140894896_position_1774779351206","topic":"position","creationTime":1774779351206,"data":'
        b'[{"positionIdx":0,"riskId":10001,"riskLimitValue":"100000","symbol":"BTCPERP","side":"Buy",'
        b'"size":"0.001","entryPrice":"66473.5","sessionAvgPrice":"66473.5","leverage":"10",'
        b'"positionValue":"66.4735","markPrice":"66472.02","positionIM":"6.70702815",'
        b'"positionMM":"0.32571423","unrealisedPnl":"-0.00148","curRealisedPnl":"-0.0664735",'
        b'"liqPrice":"10736.47573672","breakEvenPrice":"66606.58008008","category":"linear",'
        b'"adlRankIndicator":2,"seq":37449201146}]}'
    )
    assert isinstance(update, PositionsUpdate)
    assert (update.account_id, update.ts_venue_ns, update.ts_received_ns) == (
        ME,
        1774779351206_000_000,
        HEARD,
    )
    (position,) = update.positions
    assert position.instrument.settle_asset == "USDC"
    assert (position.quantity, position.entry_price, position.liquidation_price) == (
        "0.001",
        "66473.5",
        "10736.47573672",
    )
    assert (position.sequence, position.ts_venue_ns, position.status) == (37449201146, None, "normal")


def test_a_partial_wallet_with_debt() -> None:
    (update,) = read(
        frame_of(
            "wallet",
            {
                "accountMMRate": "0.02",
                "totalMarginBalance": "59.14951406",
                "totalPerpUPL": "-36.34620293",
                "coin": [
                    {"coin": "USDC", "equity": "-0.0679535", "borrowAmount": "0.0679535", "totalOrderIM": ""}
                ],
            },
        )
    )
    assert isinstance(update, BalancesUpdate)
    assert update.account is not None
    assert (update.account.adjusted_equity, update.account.unrealized_pnl) == ("59.14951406", "-36.34620293")
    assert (update.account.as_of_ns, update.account.equity) == (1774779351206_000_000, None)
    (coin,) = update.balances
    assert (coin.equity, coin.borrowed, coin.order_initial_margin) == ("-0.0679535", "0.0679535", None)


@pytest.mark.parametrize("topic", ["position", "position.linear"])
def test_both_forms_of_topics(topic) -> None:
    row = {name: value for name, value in POSITION.items() if name != "category"}
    (update,) = read(frame_of(topic, row))
    assert update.positions[0].instrument.category == "linear"


def test_the_topic_s_category_counts_where_the_row_says_none() -> None:
    row = {name: value for name, value in POSITION.items() if name != "category"} | {"symbol": "ODD"}
    (update,) = read(frame_of("position.inverse", row))
    assert update.positions[0].instrument.is_inverse
    with pytest.raises(ProtocolError, match="category"):
        read(frame_of("position", row))


def test_fast_executions_are_trades() -> None:
    row = {
        "category": "linear",
        "symbol": "ICPUSDT",
        "execId": "3510f361",
        "execPrice": "12.015",
        "execQty": "3000",
        "orderLinkId": "",
        "side": "Sell",
        "execTime": "1716800399334",
        "seq": 34771365464,
    }
    for topic in ("execution.fast", "execution.fast.linear"):
        (update,) = read(frame_of(topic, row))
        assert isinstance(update, FillsUpdate)
        assert (update.fills[0].kind, update.fills[0].side, update.fills[0].fee) == ("trade", "sell", None)


def test_orders_and_greeks() -> None:
    (orders,) = read(
        frame_of(
            "order", {"orderId": "1", "symbol": "BTCPERP", "category": "linear", "orderStatus": "Filled"}
        )
    )
    assert isinstance(orders, OrdersUpdate)
    assert not orders.orders[0].is_open
    (greeks,) = read(frame_of("greeks", {"baseCoin": "ETH", "totalDelta": "0.06999986", "totalVega": ""}))
    assert isinstance(greeks, GreeksUpdate)
    assert (greeks.greeks[0][0], greeks.greeks[0][1].delta, greeks.greeks[0][1].vega) == (
        "ETH",
        "0.06999986",
        None,
    )


def test_frames_laid_out_with_blanks_are_read_too(payload) -> None:
    pretty = payload("ws_position_linear_ethusdt_short.json")
    dense = json.dumps(json.loads(pretty), separators=(",", ":")).encode()
    assert b'"topic": "position"' in pretty
    assert read(pretty) == read(dense)


def test_frames_without_a_topic_are_answers() -> None:
    answer = read(b'{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}')
    assert isinstance(answer, StreamControl)
    assert (answer.kind, answer.is_success) == ("auth", True)


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (frame_of("position", POSITION, POSITION | {"size": "x"}), "size"),
        (frame_of("position", POSITION, POSITION | {"side": "Long"}), "side"),
        (frame_of("position", POSITION | {"category": "swap"}), "category"),
        (frame_of("position", POSITION | {"leverage": 10}), r"data\[0\]\.leverage"),
        (frame_of("position", POSITION, creationTime=None), "creationTime"),
        (frame_of("position", POSITION, creationTime="soon"), "creationTime"),
        (frame_of("wallet"), "no account"),
        (frame_of("wallet", {"coin": [{"coin": "BTC", "equity": "x"}]}), "BTC: equity"),
        (frame_of("wallet", {"coin": [], "totalEquity": "1e400"}), "totalEquity"),
        (frame_of("execution", {"symbol": "BTCUSDT", "category": "linear", "side": "Up"}), "side"),
        (frame_of("execution", {"symbol": "BTCUSDT", "category": "linear", "execFee": "x"}), "execFee"),
        (frame_of("order", {"symbol": "BTCUSDT", "category": "linear"}), "orderId"),
        (frame_of("greeks", {"baseCoin": "ETH", "totalDelta": "x"}), "totalDelta"),
        (frame_of("dcp.future", {}), "not a private topic"),
        (frame_of("positions", POSITION), "not a private topic"),
        (b'{"topic":"position","creationTime":1,"data":null}', "data"),
        (b'{"topic":"position","creationTime":1}', "data"),
        (b'{"topic":5}', "topic"),
        (b"[]", "Expected"),
        (b"", "truncated"),
        (b"pong", "malformed"),
        (b'{"topic":"position","creationTime":1,"data":[{"symbol":"\xff\xfe"}]}', "UTF-8"),
        (b'{"topic":"position","data":' + b"[" * 100_000, "data"),
        (b'{"other":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deep"),
    ],
)
def test_a_frame_with_anything_wrong_in_it_is_refused_whole(frame, named) -> None:
    catalog = InstrumentCatalog(VenueId("bybit"))
    with pytest.raises(ProtocolError, match=named):
        read(frame, catalog)


@pytest.mark.parametrize(
    "name",
    [
        "ws_position_linear_ethusdt_short.json",
        "ws_wallet_unified_docs.json",
        "ws_execution_extra_fees_docs.json",
        "ws_greeks_eth_docs.json",
    ],
)
def test_a_frame_cut_anywhere_is_refused(payload, name) -> None:
    frame = msgspec.json.encode(msgspec.json.decode(payload(name)))
    read(frame)
    for length in range(len(frame)):
        with pytest.raises(ProtocolError):
            read(frame[:length])


@settings(max_examples=300, deadline=None)
@given(
    position=st.integers(0, 900),
    byte=st.integers(0, 255),
    text=st.binary(max_size=3),
)
def test_a_damaged_frame_is_refused_or_still_whole(position, byte, text) -> None:
    good = frame_of("position", POSITION | {"avgPrice": "100", "markPrice": "101", "liqPrice": "90"})
    place = position % len(good)
    damaged = good[:place] + bytes([byte]) + text + good[place + 1 :]
    try:
        answer = read(damaged)
    except ProtocolError:
        return
    if isinstance(answer, tuple):
        (update,) = answer
        assert isinstance(update, PositionsUpdate)
        for one in update.positions:
            assert float(one.quantity) == float(one.quantity)
