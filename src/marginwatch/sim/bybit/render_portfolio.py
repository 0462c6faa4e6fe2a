"""Portfolio margin's stress grid as Bybit sends it, coin by coin and leg by leg.

Document: v5/asset/portfolio-margin (2026-03). What several numbers of its example stand for is not said there; where it
says nothing, a comment here says what we took.
"""

import datetime as dt
from collections.abc import Callable, Iterable

from marginwatch.sim.bybit.wire_numbers import money, price, rate
from marginwatch.sim.portfolio import INITIAL_FACTOR, PRICE_SHOCKS, StressedCoin
from marginwatch.sim.rows import AccountTotals
from marginwatch.sim.stressed_legs import StressedLeg

Row = dict[str, object]
Profit = Callable[[float], list[float]]

CONTRACT_TYPES = {"InversePerpetual": 1, "LinearPerpetual": 2, "InverseFutures": 3, "LinearFutures": 4, "": 5}
"""2 and 5 are in the example, the others are guesses."""

CONTINGENCIES = {
    "optionContingency": "short_option",
    "futureDeltaContingency": "calendar",
    "optionVegaContingency": "vega",
    "usdtUsdcContingency": "spread",
    "futureContingency": "futures",
}


def portfolio_wallet(totals: AccountTotals) -> Row:
    """Return ``wallet``: the account's totals under other names."""
    return {
        "equity": money(totals.total_equity),
        "cashBalance": money(totals.total_wallet_balance),
        "marginBalance": money(totals.total_margin_balance),
        "availableBalance": money(totals.total_available_balance),
        "accountIM": money(totals.total_initial_margin),
        "accountMM": money(totals.total_maintenance_margin),
        "accountMMRate": rate(totals.account_mm_rate),
        "accountIMRate": rate(totals.account_im_rate),
    }


def asset_range(book: StressedCoin, legs: tuple[StressedLeg, ...], balance: float, usd: float) -> Row:
    """Return one element of ``assetPnlRange``.

    Parameters
    ----------
    book, legs : StressedCoin, tuple of StressedLeg
        The coin's grid and those of its legs.
    balance, usd : float
        How much of the coin is in the wallet, and its USD index.
    """
    factors = sorted({factor for _, factor in book.grid}, reverse=True)
    options = [leg for leg in legs if leg.contract.is_option]
    futures = [leg for leg in legs if not leg.contract.is_option]
    worst = {shock: min(factors, key=lambda factor: book.grid[shock, factor]) for shock in PRICE_SHOCKS}
    move, factor = min(book.grid, key=lambda key: book.grid[key])
    shown = {name: _dollars(book.contingencies[key]) for name, key in CONTINGENCIES.items()}
    return {
        "baseCoin": book.coin,
        "totalPnlRanges": {
            "ALL": _ranges(lambda shock: [book.grid[shock, worst[shock]]]),
            "PERPETUAL": _ranges(lambda shock: [_sum(futures, shock, 1.0)]),
            "OPTION": _ranges(lambda shock: [_sum(options, shock, worst[shock])]),
        },
        "perpPositionPnlRanges": [_leg(leg, [1.0]) for leg in futures],
        "optionExpiryDatePnlRanges": [
            {
                "expiryDateRepresentation": expiry,
                **_ranges(lambda shock, held=held: [_sum(held, shock, factor) for factor in factors]),
                "optionPositionPnlRanges": [_leg(leg, factors) for leg in held],
            }
            for expiry, held in _by_expiry(options).items()
        ],
        "contingency": {
            **shown,
            "contingencyComponents": _dollars(sum(book.contingencies.values())),
        },
        "asset": {
            "coin": book.coin,
            "assetIM": _dollars(book.maintenance * INITIAL_FACTOR),
            "assetMM": _dollars(book.maintenance),
        },
        "maxLossPriceMove": _scale(move),
        "maxLossIvShock": _scale(factor - 1.0),
        "totalClosePzFee": "0",
        "spotHedgeInfo": {
            "hedgeSpotSize": _dollars(book.hedge),
            "walletBalance": _dollars(balance),
            "usdIndexPrice": _dollars(usd),
            **_ranges(lambda shock: [book.hedge * usd * shock]),
        },
        "maxLossIvShockList": [_scale(worst[shock] - 1.0) for shock in PRICE_SHOCKS],
    }


def _leg(leg: StressedLeg, factors: list[float]) -> Row:
    contract = leg.contract
    wire: Row = {
        "symbolName": contract.symbol,
        "position": money(leg.size),
        **_ranges(lambda shock: [leg.grid[shock, factor] for factor in factors]),
        # The example shows an entry of the session for a perpetual and "0" for an option.
        "sessionAvgPrice": "0" if contract.is_option else money(leg.session_entry),
        "markPrice": price(leg.mark_price),
        "orderSize": money(leg.ordered),
        "contractType": CONTRACT_TYPES[contract.contract_type],
        "settleCoin": contract.settle,
    }
    return wire if contract.is_option else {**wire, "symbolAlias": contract.symbol}


def _ranges(profit: Profit) -> Row:
    return {
        "pnlRanges": [
            {"priceScale": _scale(shock), "pnls": [_dollars(value) for value in profit(shock)]}
            for shock in PRICE_SHOCKS
        ]
    }


def _sum(legs: Iterable[StressedLeg], shock: float, factor: float) -> float:
    return sum((leg.grid[shock, factor] for leg in legs), 0.0)


def _by_expiry(options: list[StressedLeg]) -> dict[str, list[StressedLeg]]:
    found: dict[str, list[StressedLeg]] = {}
    for leg in sorted(options, key=lambda leg: leg.contract.delivery_ms):
        day = dt.datetime.fromtimestamp(leg.contract.delivery_ms / 1000, dt.UTC)
        found.setdefault(day.strftime("%d%b%y").upper().lstrip("0"), []).append(leg)
    return found


def _scale(shock: float) -> str:
    return str(round(shock, 2) + 0.0)


def _dollars(value: float) -> str:
    return format(value + 0.0, ".8f")
