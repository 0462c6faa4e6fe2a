"""Why a figure of performance is missing, in words."""

from enum import IntEnum


class Why(IntEnum):
    """What stands in place of a number; of two reasons the larger is told."""

    NUMBER = 0
    NO_CAPITAL = 1
    NO_ACCOUNT = 2
    MONEY_UNEXPLAINED = 3
    FLOW_UNVALUED = 4
    LEDGER_UNREAD = 5
    NO_EQUITY = 6
    NO_DAY_START = 7
    MEMBERS_LEFT_OUT = 8


SENTENCES = {
    Why.NO_CAPITAL: "there was no capital of its own at work",
    Why.NO_ACCOUNT: "there is no account in this row",
    Why.MONEY_UNEXPLAINED: "its balances moved by more than 0.5 % of its equity, and its transaction log, being read, "
    "does not say yet whether money came or went",
    Why.FLOW_UNVALUED: "money was moved in a coin whose USD price of that time is not known",
    Why.LEDGER_UNREAD: "its transaction log has not been read since the service started or its history began, so that "
    "deposits and withdrawals are not known",
    Why.NO_EQUITY: "its equity is not known now",
    Why.MEMBERS_LEFT_OUT: "accounts with more than 5 % of the equity have no figure",
    Why.NO_DAY_START: "no equity is known of the hour before the day began",
}
"""In a sentence's second half; the ones without a number need none."""
