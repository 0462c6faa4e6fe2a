import json
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marginwatch.errors import ConfigError, MarginwatchError, ProtocolError
from marginwatch.venues.bybit.decode import decode_payload
from marginwatch.venues.decoded import view_of

PAYLOADS = Path(__file__).parent / "payloads"
NAMES = sorted(path.name for path in PAYLOADS.glob("*.json") if not path.name.startswith("tiers_"))
INDEX = tomllib.loads((PAYLOADS / "index.toml").read_text())["payloads"]

ROW = {"positionIdx": 2, "symbol": "BTCUSDT", "side": "Sell", "size": "0.5", "avgPrice": "100"}


def body(value) -> bytes:
    return json.dumps(value).encode()


def test_a_lone_row_and_a_lone_list_are_read() -> None:
    for payload in (ROW, [ROW], {"list": [ROW]}):
        (position,) = decode_payload(body(payload)).positions
        assert (position.quantity, position.position_side) == ("-0.5", "short")
    (position,) = decode_payload(body(ROW), "ws position").positions
    assert position.instrument.settle_asset == "USDT"


def test_contract_data_replaces_what_the_symbol_says() -> None:
    row = ROW | {"symbol": "ODDTHING", "positionIdx": 0}
    undecided = decode_payload(body(row))
    assert undecided.positions == []
    assert undecided.failures[0].subject == "ODDTHING"
    contract = {
        "symbol": "ODDTHING",
        "contractType": "InverseFutures",
        "baseCoin": "ODD",
        "quoteCoin": "USD",
        "settleCoin": "ODD",
        "deliveryTime": "1740124800000",
    }
    contracts = body({"retCode": 0, "retMsg": "OK", "result": {"list": [contract]}})
    (position,) = decode_payload(body(row), None, contracts).positions
    assert (position.instrument.settle_asset, position.instrument.is_inverse) == ("ODD", True)
    assert view_of(decode_payload(body(row), None, contracts))["positions"][0]["instrument_kind"] == "future"


def test_what_cannot_be_derived_is_null() -> None:
    result = {"category": "linear", "list": [ROW | {"symbol": "ODDTHING"}]}
    (position,) = view_of(decode_payload(body({"retCode": 0, "result": result})))["positions"]
    assert (position["settle_asset"], position["instrument_kind"]) == (None, "perpetual")


def test_marks_of_a_sequence_are_merged_per_contract() -> None:
    def message(symbol, kind, **data):
        data = {"symbol": symbol} | data
        return {"topic": f"tickers.{symbol}", "type": kind, "data": data, "ts": 1}

    marks = decode_payload(
        body(
            [
                message("BTCUSDT", "delta", markPrice="1"),
                message("BTCUSDT", "snapshot", markPrice="2", indexPrice="2.5"),
                message("ETHUSDT", "snapshot", markPrice="7"),
                message("BTCUSDT", "delta", markPrice="3"),
            ]
        )
    ).marks
    assert [(m.mark_price, m.index_price, m.is_snapshot) for m in marks] == [
        ("1", None, False),
        ("2", "2.5", True),
        ("7", None, True),
        ("3", "2.5", False),
    ]


@pytest.mark.parametrize(
    ("payload", "kind", "named"),
    [
        (b"", None, "not JSON"),
        (b"{", None, "not JSON"),
        (b"\xff\xfe", None, "not JSON"),
        (b"[" * 100_000, None, "not JSON"),
        (b"5", None, "not an object"),
        (b"null", None, "not an object"),
        (b"[]", None, "--kind"),
        (b"[1]", None, "--kind"),
        (b"{}", None, "--kind"),
        (b'{"retCode":0,"result":{}}', None, "--kind"),
        (b'{"retCode":0,"result":{"list":[{"a":1}]}}', None, "--kind"),
        (b'{"retCode":0,"result":{"list":null}}', "rest position", "list"),
        (b'{"retCode":0,"result":[]}', "rest position", "object"),
        (b'{"topic":"kline.5.BTCUSDT","data":[]}', None, "topic"),
        (b'{"topic":"position","creationTime":1,"data":[]}', "ws wallet", "ws position"),
        (b'{"retCode":0,"result":{"list":[]}}', "error", "no error"),
        (b'{"retCode":"x","result":{}}', None, "retCode"),
    ],
)
def test_what_cannot_be_read_says_what_and_where(payload, kind, named) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_payload(payload, kind)
    assert named in str(caught.value)


def test_unknown_kinds_and_contract_files_of_another_kind_are_usage_errors() -> None:
    with pytest.raises(ConfigError, match="rest position"):
        decode_payload(body(ROW), "rest positions")
    with pytest.raises(ConfigError, match="--instruments"):
        decode_payload(body(ROW), None, b"{}")
    with pytest.raises(ConfigError, match="--instruments"):
        decode_payload(body(ROW), None, b"nonsense")


def test_an_error_reply_is_an_error_whatever_kind_was_said() -> None:
    reply = b'{"retCode":33004,"retMsg":"Your api key has expired.","result":{},"retExtInfo":{},"time":1}'
    view = view_of(decode_payload(reply, "rest position"))["error"]
    assert view.keys() == {"class", "code", "message", "retryable", "retry_after_s"}
    assert (view["class"], view["code"], view["retryable"]) == ("AuthError", 33004, False)
    assert view["message"].startswith("Your api key has expired.")


@pytest.mark.parametrize(
    "frame",
    [
        b'{"success":true,"ret_msg":"","op":"subscribe","conn_id":"c"}',
        b'{"success":false,"ret_msg":"error:already subscribed,topic:X","op":"subscribe"}',
    ],
)
def test_granted_requests_are_no_errors(frame) -> None:
    decoded = decode_payload(frame)
    assert decoded.error is None
    assert decoded.other[0]["kind"] == "ws control"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rest_closed_pnl_docs.json", "rest closed-pnl"),
        ("rest_coin_greeks_btc_docs.json", "rest coin-greeks"),
        ("ws_greeks_eth_docs.json", "ws greeks"),
        ("rest_option_asset_info_docs.json", "rest option-asset-info"),
        ("rest_collateral_info_docs.json", "rest collateral-info"),
    ],
)
def test_kinds_without_a_place_go_to_other_with_their_kind(name, kind) -> None:
    view = view_of(decode_payload((PAYLOADS / name).read_bytes()))
    assert [other["kind"] for other in view["other"]] == [kind]
    places = set(view) - {"other"}
    assert all(not view[place] for place in places)


def test_a_key_report_prints_no_secret() -> None:
    key = {
        "apiKey": "KKKKKK",
        "secret": "SSSSSS",
        "readOnly": 1,
        "userID": 7,
        "ips": ["*"],
        "permissions": {},
    }
    decoded = decode_payload(body({"retCode": 0, "retMsg": "", "result": key}))
    text = msgspec.json.encode(view_of(decoded)).decode()
    assert '"is_read_only":true' in text
    assert "KKKKKK" not in text
    assert "SSSSSS" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_anywhere_is_refused(name) -> None:
    whole = (PAYLOADS / name).read_bytes().rstrip()
    dense = whole if len(whole) < 1500 else msgspec.json.encode(msgspec.json.decode(whole))[:3000]
    for length in range(len(dense) - 1):
        with pytest.raises(ProtocolError):
            decode_payload(dense[:length], INDEX[name]["kind"])


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(NAMES), place=st.integers(0, 5000), text=st.binary(max_size=4), keep=st.booleans()
)
def test_a_damaged_file_is_read_or_refused_never_a_crash(name, place, text, keep) -> None:
    whole = (PAYLOADS / name).read_bytes()
    at = place % len(whole)
    damaged = whole[:at] + text + whole[at + (0 if keep else len(text)) :]
    try:
        view = view_of(decode_payload(damaged))
    except MarginwatchError:
        return
    msgspec.json.encode(view)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["", "0", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_any_value_anywhere_is_read_or_refused_never_a_crash(name, data) -> None:
    payload = json.loads((PAYLOADS / name).read_bytes())
    node = payload
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(JSON)
        break
    try:
        msgspec.json.encode(view_of(decode_payload(body(payload), INDEX[name]["kind"])))
    except MarginwatchError:
        return
