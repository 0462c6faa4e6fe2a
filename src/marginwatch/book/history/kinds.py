"""Which lines of a ledger are money from or to outside, and which are performance.

Performance is what trading and holding brought: trades, funding, fees, interest, liquidations, conversions. A flow is money
that came or went for other reasons: transfers and deposits, gifts of the venue and their return, loans paid out and back,
what is put into or taken out of products that are no part of the account.

A kind that is not known counts as performance. Taken for a flow, a new kind of loss would be hidden from the rules that are
to find it; taken for performance, a new kind of withdrawal raises an alert, which people look at and which the log names.
"""

FLOWS = frozenset(
    {
        "deposit",
        "withdraw",
        "withdrawal",
        "airdrop",
        "bonus",
        "bonus_recollect",
        "borrowed_amount_ins_loan",
        "principle_repayment_ins_loan",
        "auto_principle_repayment_ins_loan",
        "loans_borrow_funds",
        "loans_pledge_asset",
        "custody_lock",
        "custody_unlock",
        "custody_unlock_refund",
    }
)

FLOW_PARTS = ("transfer_in", "transfer_out", "subscription", "redemption", "staking_refund", "pledge_back")
"""Whatever has one of these in its name: ``bonus_transfer_in``, ``flexible_staking_subscription``, …"""

PERFORMANCE = frozenset(
    {
        "trade",
        "settlement",
        "delivery",
        "liquidation",
        "adl",
        "fee_refund",
        "interest",
        "currency_buy",
        "currency_sell",
        "borrow",
        "repay",
        "interest_repayment_ins_loan",
        "auto_interest_repayment_ins_loan",
        "auto_sold_collateral_ins_loan",
        "auto_buy_liability_ins_loan",
        "spot_repayment_sell",
        "spot_repayment_buy",
        "auto_deduction",
        "premarket_delivery_sell_new_coin",
        "premarket_delivery_buy_new_coin",
        "premarket_delivery_pledge_pay_seller",
        "premarket_rollback_pledge_penalty_to_buyer",
        "custody_network_fee",
        "custody_settle_fee",
        "pef_profit_share",
    }
)


def is_flow(kind: str) -> bool:
    """Return whether a line of this kind (the venue's type in lower case) is money from or to outside."""
    return kind in FLOWS or any(part in kind for part in FLOW_PARTS)


def is_known(kind: str) -> bool:
    """Return whether the kind is one that this module names."""
    return kind in PERFORMANCE or is_flow(kind)
