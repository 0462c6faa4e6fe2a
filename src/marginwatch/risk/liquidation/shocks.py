"""Accounts under a shock: every leg and coin moves by a power of it, and headroom is reckoned anew."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.prices import Prices, option_rows, prices_for
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace


@dataclass(slots=True, frozen=True, eq=False)
class ShockedAccounts:
    """Accounts in which a shock s multiplies each price by ``(1 + s) ** exponent``.

    A power, because betas are measured on log returns, and because no price can fall below 0 whatever its beta is.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    leg_exponents : ndarray of shape (u,), float64
        Exponents of marks.
    leg_code : ndarray of shape (n,), int64
        Which of them each leg has.
    coin_exponents : ndarray of shape (v,), float64
        Exponents of USD prices of coins.
    holding_code : ndarray of shape (h,), int64
        Which of them each holding has.
    offset : ndarray of shape (k,), float64
        USD added to each account's headroom: what it has beyond the sheet.
    work : Workspace
        Buffers of a pass.
    of_initial : bool, default=False
        Headroom is what is left above the initial margin, at 0 of which a venue refuses new risk, instead of above the
        maintenance margin.
    leg_bases, coin_bases : ndarray of shape (u,) and (v,), float64, optional
        Factors on prices before any shock, by the same codes: a market that has moved already.
    code_contract, code_coin : ndarray of shape (u,) and (v,), int64, optional
        The one contract that all legs of a code are in, and the one coin of all holdings of a code, where that is so: a
        price is then reckoned once for each code, not for each leg.
    """

    sheet: MarginSheet
    leg_exponents: FloatArray
    leg_code: CodeArray
    coin_exponents: FloatArray
    holding_code: CodeArray
    offset: FloatArray
    work: Workspace
    of_initial: bool = False
    leg_bases: FloatArray | None = None
    coin_bases: FloatArray | None = None
    code_contract: CodeArray | None = None
    code_coin: CodeArray | None = None

    @property
    def size(self) -> int:
        """How many accounts there are."""
        return self.sheet.n_accounts

    def prices(self, shocks: FloatArray) -> Prices:
        """Return the market that each account meets, shocks of shape (size,); lives in ``work``."""
        sheet, log_factor = self.sheet, np.log1p(shocks)
        leg = self._buffer("leg_factor", log_factor, sheet.leg_account)
        leg *= self._buffer("exponent", self.leg_exponents, self.leg_code)
        holding = self._buffer("holding_factor", log_factor, sheet.holding_account)
        holding *= self._buffer("exponent", self.coin_exponents, self.holding_code)
        np.exp(leg, out=leg)
        np.exp(holding, out=holding)
        if self.leg_bases is not None and self.coin_bases is not None:
            leg *= self._buffer("exponent", self.leg_bases, self.leg_code)
            holding *= self._buffer("exponent", self.coin_bases, self.holding_code)
        return self._market(leg, holding)

    def prices_at(self, shock: float) -> Prices:
        """Return the market if all meet the same shock: few powers, and gathers; lives in ``work``."""
        legs, coins = np.power(1.0 + shock, self.leg_exponents), np.power(1.0 + shock, self.coin_exponents)
        if self.leg_bases is not None and self.coin_bases is not None:
            legs, coins = legs * self.leg_bases, coins * self.coin_bases
        if (
            self.code_contract is not None
            and self.code_coin is not None
            and not option_rows(self.sheet).shape[0]
        ):
            marks = self._buffer(
                "leg_factor", legs * self.sheet.mark_price[self.code_contract], self.leg_code
            )
            usd = coins * self.sheet.coin_usd[self.code_coin]
            return Prices(marks, marks, self._buffer("holding_factor", usd, self.holding_code))
        leg = self._buffer("leg_factor", legs, self.leg_code)
        return self._market(leg, self._buffer("holding_factor", coins, self.holding_code))

    def _buffer(self, name: str, values: FloatArray, codes: CodeArray) -> FloatArray:
        # "clip" lets numpy write straight into the buffer; "raise" would fill a copy first.
        return values.take(codes, out=self.work.array(name, codes.shape[0]), mode="clip")

    def _market(self, leg_factor: FloatArray, holding_factor: FloatArray) -> Prices:
        if option_rows(self.sheet).shape[0]:
            return prices_for(self.sheet, leg_factor, holding_factor)
        # What prices_for does, without fresh memory; nobody asks for the underlying where there is no option.
        leg_factor *= self._buffer("leg_mark", self.sheet.mark_price, self.sheet.leg_contract)
        holding_factor *= self._buffer("holding_usd", self.sheet.coin_usd, self.sheet.holding_coin)
        return Prices(leg_factor, leg_factor, holding_factor)

    def margins(self, shocks: FloatArray) -> AccountMargins:
        """Return all figures, each account at its own shock; legs' figures live until the next pass."""
        return margins(self.sheet, self.prices(shocks), self.work)

    def headroom_at(self, shock: float) -> FloatArray:
        """Return headroom in USD, shape (size,), at one shock for all."""
        return self._room(margins(self.sheet, self.prices_at(shock), self.work))

    def headroom(self, shocks: FloatArray) -> FloatArray:
        """Return headroom in USD, shape (size,), each account at its own shock."""
        return self._room(self.margins(shocks))

    def _room(self, figures: AccountMargins) -> FloatArray:
        return (figures.available if self.of_initial else figures.headroom) + self.offset

    def part(self, rows: CodeArray) -> "ShockedAccounts":
        """Return some of the accounts, in this order."""
        part = part_of(self.sheet, rows, has_names=False)
        return replace(
            self,
            sheet=part.sheet,
            leg_code=self.leg_code[part.legs],
            holding_code=self.holding_code[part.holdings],
            offset=self.offset[rows],
        )
