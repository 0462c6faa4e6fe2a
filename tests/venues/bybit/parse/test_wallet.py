import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.wallet import parse_wallet

ISOLATED = {
    # Shape of a live isolated-margin account.
    "accountType": "UNIFIED",
    "totalEquity": "56.91663832",
    "totalWalletBalance": "50.95818792",
    "totalPerpUPL": "5.9584504",
    "accountIMRate": "",
    "accountMMRate": "",
    "totalMarginBalance": "",
    "totalAvailableBalance": "",
    "totalInitialMargin": "",
    "totalMaintenanceMargin": "",
    "coin": [{"coin": "USDT", "equity": "56.9314405", "totalPositionMM": "0.4702608", "locked": "0"}],
}


def test_an_isolated_account_has_equity_but_no_rates(raw) -> None:
    wallet = parse_wallet(raw({"list": [ISOLATED]}), 5)
    account = wallet.account
    assert (account.equity, account.unrealized_pnl, account.as_of_ns) == ("56.91663832", "5.9584504", 5)
    assert account.adjusted_equity is None
    assert account.maintenance_margin_usage is None
    assert account.initial_margin_usage is None
    assert wallet.balances[0].maintenance_margin == "0.4702608"


@pytest.mark.parametrize(
    ("allowed", "switched_on", "counts"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (False, None, False),
        (None, True, None),
    ],
)
def test_collateral_needs_both_the_platform_and_the_user(raw, allowed, switched_on, counts) -> None:
    coin = {"coin": "BTC", "marginCollateral": allowed, "collateralSwitch": switched_on}
    wallet = parse_wallet(raw({"list": [ISOLATED | {"coin": [coin]}]}))
    assert wallet.balances[0].is_collateral == counts


def test_a_bad_coin_costs_only_itself_and_a_bad_total_all(raw) -> None:
    coins = [{"coin": "BTC", "equity": "x"}, {"coin": ""}, {"equity": "1"}, {"coin": "ETH", "equity": "-1"}]
    wallet = parse_wallet(raw({"list": [ISOLATED | {"coin": coins}]}))
    assert [balance.asset for balance in wallet.balances] == ["ETH"]
    assert len(wallet.failures) == 3
    assert "BTC: equity" in wallet.failures[0].message
    with pytest.raises(ProtocolError, match="totalMarginBalance"):
        parse_wallet(raw({"list": [ISOLATED | {"totalMarginBalance": "nan"}]}))


def test_no_account_is_an_error_not_an_empty_account(raw) -> None:
    for result in ({"list": []}, {"list": None}, {}, {"list": [{"totalEquity": "1"}]}):
        with pytest.raises(ProtocolError):
            parse_wallet(raw(result))


def test_of_several_accounts_the_unified_one_counts(raw) -> None:
    other = ISOLATED | {"accountType": "CONTRACT", "totalEquity": "1"}
    assert parse_wallet(raw({"list": [other, ISOLATED]})).account.equity == "56.91663832"
