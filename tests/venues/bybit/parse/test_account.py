import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.account import (
    parse_account_info,
    parse_collateral_info,
    parse_fee_rates,
    parse_funding_balances,
    parse_withdrawable,
)


@pytest.mark.parametrize(
    ("wire", "mode"),
    [
        ("REGULAR_MARGIN", "cross"),
        ("ISOLATED_MARGIN", "isolated"),
        ("PORTFOLIO_MARGIN", "portfolio"),
        ("NEW_MARGIN", "unknown"),
        ("", None),
        (None, None),
    ],
)
def test_margin_modes(raw, wire, mode) -> None:
    assert parse_account_info(raw({"marginMode": wire})).margin_mode == mode


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (1, "classic"),
        (3, "UTA1.0"),
        (4, "UTA1.0 Pro"),
        (5, "UTA2.0"),
        (6, "UTA2.0 Pro"),
        (9, "9"),
        (None, None),
    ],
)
def test_account_types(raw, status, name) -> None:
    assert parse_account_info(raw({"unifiedMarginStatus": status})).account_type == name


def test_the_reply_s_time_counts_before_the_last_change(raw) -> None:
    info = raw({"marginMode": "REGULAR_MARGIN", "updatedTime": "1697078946000"})
    assert parse_account_info(info).as_of_ns == 1697078946000_000_000
    assert parse_account_info(info, 5).as_of_ns == 5


def test_collateral_info(result_of) -> None:
    (coin,) = parse_collateral_info(result_of("rest_collateral_info_docs.json")).rows
    assert (coin.asset, coin.is_allowed, coin.is_switched_on, coin.max_borrow) == ("BTC", True, True, "3")
    assert coin.hourly_borrow_rate == "0.00000147"


def test_fee_rates_of_contracts_and_of_options(raw) -> None:
    rows = [
        {"symbol": "ETHUSDT", "takerFeeRate": "0.0006", "makerFeeRate": "-0.0001"},
        {"symbol": "", "baseCoin": "BTC", "takerFeeRate": "0.0003", "makerFeeRate": ""},
        {"symbol": "X", "takerFeeRate": "free"},
    ]
    page = parse_fee_rates(raw({"list": rows}))
    assert [(f.venue_symbol, f.base_asset, f.taker_fee_rate, f.maker_fee_rate) for f in page.rows] == [
        ("ETHUSDT", None, "0.0006", "-0.0001"),
        (None, "BTC", "0.0003", None),
    ]
    assert page.failures[0].subject == "X"


def test_wallets_outside(raw) -> None:
    page = parse_funding_balances(
        raw(
            {
                "accountType": "FUND",
                "balance": [{"coin": "USDC", "walletBalance": "5", "transferBalance": ""}],
            }
        )
    )
    assert [(b.asset, b.wallet_balance, b.transferable) for b in page.rows] == [("USDC", "5", None)]
    with pytest.raises(ProtocolError, match="balance"):
        parse_funding_balances(raw({}))


def test_withdrawable_of_one_and_of_several_coins(raw) -> None:
    (one,) = parse_withdrawable(raw({"availableWithdrawal": "4.5"}), "USDT")
    assert (one.asset, one.amount) == ("USDT", "4.5")
    several = parse_withdrawable(
        raw({"availableWithdrawal": "", "availableWithdrawalMap": {"BTC": "1", "ETH": ""}})
    )
    assert [(w.asset, w.amount) for w in several] == [("BTC", "1"), ("ETH", None)]
    with pytest.raises(ProtocolError, match="BTC"):
        parse_withdrawable(raw({"availableWithdrawalMap": {"BTC": "x"}}))
