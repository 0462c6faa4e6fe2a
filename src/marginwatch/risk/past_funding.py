"""Funding that has been paid and received, by account and contract, in USD at the coins' present prices."""

import math
from collections.abc import Iterable, Iterator, Mapping

from marginwatch.book.paid_funding import FundingSum, HeardFunding
from marginwatch.model.ids import AccountId, Asset
from marginwatch.risk.calendar_rows import AccountPastFunding, FundingPayment, PastFunding
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.tables.nulls import Nulls

NEVER_FOLLOWED = "missing: its executions have not been followed yet"


def past_funding_of_accounts(
    sheet: MarginSheet, heard: Mapping[AccountId, HeardFunding]
) -> tuple[AccountPastFunding, ...]:
    """Return what each account of a sheet has paid and received; one not followed is missing, not 0.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts, the moment, and the USD prices of coins as they are now.
    heard : mapping of AccountId to HeardFunding
        What the book knows.
    """
    usd = _coin_usd(sheet)
    return tuple(
        _account(name, heard.get(name, HeardFunding()), sheet.at_ns, usd) for name in sheet.account_ids
    )


def past_funding(sheet: MarginSheet, payments: Iterable[FundingPayment]) -> tuple[PastFunding, ...]:
    """Return what each account has paid and received for each contract, the largest net payer first.

    Parameters
    ----------
    sheet : MarginSheet
        For the USD prices of coins, as they are now.
    payments : iterable of FundingPayment
        As the venue booked them.
    """
    return _by_contract(payments, _coin_usd(sheet))


def _coin_usd(sheet: MarginSheet) -> dict[str, float]:
    names, prices = sheet.coin_names, sheet.coin_usd.tolist()
    return {str(name): float(price) for name, price in zip(names, prices, strict=True)}


def _account(
    account_id: AccountId, heard: HeardFunding, at_ns: int, usd: Mapping[str, float]
) -> AccountPastFunding:
    # A book that has stood still since it was made, out of a file, has heard of nothing either.
    if heard.since_ns is None or (heard.since_ns >= at_ns and not heard.contracts):
        return AccountPastFunding(
            account_id=account_id,
            since_ns=None,
            total=None,
            last_24h=None,
            contracts=(),
            contracts_24h=(),
            reasons=dict.fromkeys(("since_ns", "total", "last_24h"), NEVER_FOLLOWED),
        )
    total = [
        payment
        for one in heard.contracts
        for payment in _payments(account_id, one.instrument_id, one.coin, one.total)
    ]
    last_day = [
        payment
        for one in heard.contracts
        for summed in one.last_day(at_ns)
        for payment in _payments(account_id, one.instrument_id, one.coin, summed)
    ]
    return AccountPastFunding(
        account_id=account_id,
        since_ns=heard.since_ns,
        total=_summed(account_id, None, total, usd),
        last_24h=_summed(account_id, None, last_day, usd),
        contracts=_by_contract(total, usd),
        contracts_24h=_by_contract(last_day, usd),
    )


def _payments(
    account_id: AccountId, instrument_id: str, coin: Asset, summed: FundingSum
) -> Iterator[FundingPayment]:
    parts = (
        (summed.n_paid, -summed.paid),
        (summed.n_received, summed.received),
        (summed.n_unread, math.nan),
    )
    for n_payments, amount in parts:
        if n_payments:
            yield FundingPayment(
                account_id=account_id,
                instrument_id=instrument_id,
                coin=coin,
                amount=amount,
                n_payments=n_payments,
            )


def _by_contract(payments: Iterable[FundingPayment], usd: Mapping[str, float]) -> tuple[PastFunding, ...]:
    grouped: dict[tuple[AccountId, str | None], list[FundingPayment]] = {}
    for one in payments:
        grouped.setdefault((one.account_id, one.instrument_id), []).append(one)
    rows = [_summed(*of, found, usd) for of, found in grouped.items()]
    return tuple(sorted(rows, key=lambda row: math.inf if row.net_usd is None else row.net_usd))


def _summed(
    account_id: AccountId,
    instrument_id: str | None,
    payments: Iterable[FundingPayment],
    usd: Mapping[str, float],
) -> PastFunding:
    nulls, n_payments, n_missing = Nulls(), 0, 0
    worths: list[float] = []
    for one in payments:
        worth = one.amount * usd.get(one.coin, math.nan)
        n_payments += one.n_payments
        if math.isnan(worth):
            n_missing += one.n_payments
        else:
            worths.append(worth)
    sums = {
        "paid_usd": math.fsum(max(-worth, 0.0) for worth in worths),
        "received_usd": math.fsum(max(worth, 0.0) for worth in worths),
        "net_usd": math.fsum(worths),
    }
    return PastFunding(
        account_id=account_id,
        instrument_id=instrument_id,
        n_payments=n_payments,
        **{name: nulls.complete(name, value, n_missing, "payments") for name, value in sums.items()},
        reasons=nulls.reasons,
    )
