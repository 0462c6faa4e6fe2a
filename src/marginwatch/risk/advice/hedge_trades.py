"""Sizes as trades with their costs: fee, half spread, and the funding they would add or spare."""

import math
from typing import NamedTuple

from marginwatch.risk.advice.hedge_sizes import Size
from marginwatch.risk.advice.settings import HedgeSettings
from marginwatch.risk.advice.trade_terms import TradeTerms, taker_fee
from marginwatch.risk.advice.trades import Trade
from marginwatch.risk.funding import funding_per_contract, payments_due
from marginwatch.risk.liquidation.exposures import contract_deltas
from marginwatch.risk.margin.sheet import MarginSheet


class Costed(NamedTuple):
    """A trade and its costs.

    Parameters
    ----------
    trade : Trade
        With fee and half spread as what leaves the wallet.
    delta_usd : float
        Signed USD delta.
    fee_usd, half_spread_usd : float
        ≥ 0; NaN if not known.
    funding_usd : float
        Payments within the horizon, received > 0; 0 for contracts without funding; NaN if not known.
    """

    trade: Trade
    delta_usd: float
    fee_usd: float
    half_spread_usd: float
    funding_usd: float

    @property
    def cost_usd(self) -> float:
        """Fee + half spread − funding received; NaN if one of them is."""
        return self.fee_usd + self.half_spread_usd - self.funding_usd


def costed(sheet: MarginSheet, terms: TradeTerms, size: Size, settings: HedgeSettings) -> Costed:
    """Return a trade with its costs.

    Fee: rate × value at mark, of an option rate × value of the underlying (venues cap it at a part of the premium, which is
    left out: an upper bound). Half spread: (ask − bid) ÷ 2 on the value.

    Parameters
    ----------
    sheet : MarginSheet
        Prices and accounts.
    terms : TradeTerms
        Quotes.
    size : Size
        What would be traded.
    settings : HedgeSettings
        Horizon of funding.

    References
    ----------
    Bybit help center, Trading Fee Structure: derivatives order value × fee rate, options index price × size × fee rate.
    """
    contract, quantity = size.contract, abs(size.quantity)
    mark, multiplier = float(sheet.mark_price[contract]), float(sheet.multiplier[contract])
    settle_usd = float(sheet.coin_usd[sheet.settle_coin[contract]])
    is_inverse, is_option = bool(sheet.is_inverse[contract]), bool(sheet.is_option[contract])
    value = quantity * multiplier * (1.0 / mark if is_inverse else mark)
    charged = quantity * multiplier * float(sheet.index_price[contract]) if is_option else value
    rate = taker_fee(sheet, size.account, contract)
    half_spread = float(terms.ask_price[contract] - terms.bid_price[contract]) / 2.0 / mark * value
    fee, half_spread = charged * rate, max(half_spread, 0.0)
    wallet = math.fsum(0.0 if math.isnan(cost) else cost for cost in (fee, half_spread))
    return Costed(
        trade=Trade(size.account, contract, size.quantity, wallet, rate),
        delta_usd=size.quantity * float(contract_deltas(sheet)[contract]),
        fee_usd=fee * settle_usd,
        half_spread_usd=half_spread * settle_usd,
        funding_usd=_funding(sheet, terms, size, settings.hours),
    )


def _funding(sheet: MarginSheet, terms: TradeTerms, size: Size, hours: float) -> float:
    if not terms.is_perpetual[size.contract]:
        return 0.0
    one = slice(size.contract, size.contract + 1)
    _, n_payments = payments_due(
        sheet.next_funding_at_ns[one], sheet.funding_interval_s[one], sheet.at_ns, hours
    )
    return float(size.quantity * funding_per_contract(sheet)[size.contract] * n_payments[0])
