import json
from pathlib import Path

import pytest

from marginwatch.cli import main

PAYLOADS = Path(__file__).resolve().parents[1] / "venues" / "bybit" / "payloads"

KEYS = {
    "positions": {
        "venue", "venue_symbol", "instrument_kind", "is_inverse", "position_side", "quantity", "entry_price",
        "mark_price", "unrealized_pnl", "settle_asset", "initial_margin", "maintenance_margin", "liquidation_price",
        "leverage_setting", "margin_mode", "status", "is_reduce_only", "adl_rank", "auto_add_margin", "risk_limit",
        "take_profit", "stop_loss", "trailing_stop", "realized_pnl", "session_average_price", "greeks",
        "margin_change_at_ns", "sequence", "ts_venue_ns",
    },
    "balances": {
        "asset", "wallet_balance", "equity", "usd_value", "borrowed", "initial_margin", "maintenance_margin",
    },
    "account": {
        "wallet_balance", "equity", "adjusted_equity", "available_balance", "initial_margin", "maintenance_margin",
        "maintenance_margin_usage", "margin_mode", "as_of_ns",
    },
    "marks": {
        "venue_symbol", "mark_price", "index_price", "last_price", "bid_price", "ask_price", "funding_rate",
        "next_funding_at_ns", "open_interest", "is_snapshot", "ts_venue_ns",
    },
    "instruments": {
        "venue_symbol", "instrument_kind", "is_inverse", "base_asset", "quote_asset", "settle_asset", "multiplier",
        "expiry_ns", "strike_price", "option_kind", "status",
    },
    "tiers": {
        "venue_symbol", "tier", "limit", "initial_margin_rate", "maintenance_margin_rate", "maintenance_deduction",
        "max_leverage",
    },
    "fills": {"venue_symbol", "side", "quantity", "price", "fee", "kind", "ts_venue_ns"},
    "error": {"class", "code", "message", "retryable", "retry_after_s"},
}  # fmt: skip
TOP = [
    "positions",
    "balances",
    "account",
    "marks",
    "instruments",
    "tiers",
    "fills",
    "ledger",
    "other",
    "error",
    "failures",
]


@pytest.fixture
def decode(capsys):
    def run(*arguments: str):
        code = main(["decode", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("[!t]*.json")), ids=lambda path: path.stem)
def test_every_payload_is_printed_in_the_public_shape(decode, path) -> None:
    code, out, err = decode("bybit", str(path), "--json")
    assert (code, err) == (0, "")
    view = json.loads(out)
    assert list(view) == TOP
    assert view["failures"] == []
    for place, keys in KEYS.items():
        found = view[place]
        for item in found if isinstance(found, list) else [found]:
            assert item is None or item.keys() == keys


def test_numbers_are_the_venue_s_own_texts(decode) -> None:
    _, out, _ = decode("bybit", str(PAYLOADS / "ws_position_linear_ethusdt_short.json"))
    (position,) = json.loads(out)["positions"]
    assert (position["quantity"], position["entry_price"], position["mark_price"]) == (
        "-0.01",
        "3641.075",
        "3641.33",
    )
    assert (position["venue"], position["settle_asset"], position["is_inverse"]) == ("bybit", "USDT", False)
    assert (position["sequence"], position["ts_venue_ns"]) == (325852190774, 1762199125472000000)
    assert (position["take_profit"], position["session_average_price"], position["greeks"]) == (
        None,
        None,
        None,
    )


def test_json_is_one_line_and_the_default_is_indented(decode) -> None:
    path = str(PAYLOADS / "rest_account_info_docs.json")
    _, dense, _ = decode("bybit", path, "--json")
    _, indented, _ = decode("bybit", path)
    assert dense.count("\n") == 1
    assert indented.count("\n") > 10
    assert json.loads(dense) == json.loads(indented)


def test_contract_data_from_a_file(decode, tmp_path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"positionIdx":0,"symbol":"TSLAUSDT","side":"Buy","size":"1"}]')
    instruments = str(PAYLOADS / "rest_instruments_linear_tokenised_stock.json")
    code, out, _ = decode("bybit", str(path), "--instruments", instruments, "--kind", "rest position")
    assert code == 0
    assert json.loads(out)["positions"][0]["settle_asset"] == "USDT"


@pytest.mark.parametrize(
    ("text", "arguments", "named"),
    [
        ("", [], "not JSON"),
        ('{"retCode":0', [], "not JSON"),
        ("\x00", [], "not JSON"),
        ("{}", [], "--kind"),
        ('{"topic":"position","creationTime":1,"data":[{"symbol":"X","size":"1"}]}', [], "data[0]"),
        ('{"topic":"position","creationTime":1,"data":[]}', ["--kind", "nonsense"], "nonsense"),
        ("{}", ["--instruments", "no-such-file"], "no-such-file"),
        ('{"retCode":"-0","retMsg":"OK","result":{}}', [], "retCode"),
    ],
)
def test_undecodable_input_is_one_line_and_exit_code_2(decode, tmp_path, text, arguments, named) -> None:
    path = tmp_path / "payload.json"
    path.write_text(text)
    code, out, err = decode("bybit", str(path), *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert named in err
    assert "Traceback" not in err


def test_a_mark_of_the_editor_is_skipped_and_an_endless_file_is_not_read(
    decode, tmp_path, monkeypatch
) -> None:
    path = tmp_path / "payload.json"
    path.write_bytes(b"\xef\xbb\xbf" + (PAYLOADS / "rest_account_info_docs.json").read_bytes())
    assert decode("bybit", str(path))[0] == 0
    monkeypatch.setattr("marginwatch.cli.decode.PAYLOAD_BYTES_MAX", 1000)
    code, out, err = decode("bybit", "/dev/zero")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "longer than" in err


def test_a_missing_file_and_an_unknown_venue_are_usage_errors(decode, tmp_path) -> None:
    code, _, err = decode("bybit", str(tmp_path / "none.json"))
    assert (code, err.count("\n")) == (2, 1)
    assert "none.json" in err
    code, _, err = decode("mtgox", str(PAYLOADS / "rest_account_info_docs.json"))
    assert code == 2
    assert "mtgox" in err


def test_an_error_payload_is_decoded_fine(decode) -> None:
    code, out, _ = decode("bybit", str(PAYLOADS / "error_10006_too_many_visits.json"))
    error = json.loads(out)["error"]
    assert (code, error["class"], error["code"], error["retryable"]) == (0, "RateLimitedError", 10006, True)
