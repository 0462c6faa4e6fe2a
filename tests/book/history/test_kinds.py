"""What counts as money from outside, among the kinds that the venue documents."""

import pytest

from marginwatch.book.history.kinds import is_flow, is_known


@pytest.mark.parametrize(
    "kind",
    [
        "transfer_in",
        "transfer_out",
        "bonus",
        "bonus_recollect",
        "bonus_transfer_in",
        "airdrop",
        "tokens_subscription",
        "tokens_redemption",
        "fixed_staking_subscription",
        "flexible_staking_refund",
        "transfer_out_ins_loan",
        "premarket_transfer_out",
        "pef_transfer_in",
    ],
)
def test_moved_money_is_a_flow(kind):
    assert is_flow(kind)
    assert is_known(kind)


@pytest.mark.parametrize(
    "kind", ["trade", "settlement", "liquidation", "adl", "interest", "fee_refund", "currency_sell"]
)
def test_what_trading_and_holding_bring_is_performance(kind):
    assert not is_flow(kind)
    assert is_known(kind)


def test_a_kind_that_nobody_knows_hides_no_loss():
    assert not is_flow("something_new")
    assert not is_known("something_new")
