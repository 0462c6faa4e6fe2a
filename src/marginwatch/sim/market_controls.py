"""What can be done to the market: moods, pegs, depth, sudden moves."""

from marginwatch.sim.coins import COINS, STABLECOINS
from marginwatch.sim.controls import Controls
from marginwatch.sim.scenario import REGIMES


class MarketControls(Controls):
    """The market's side of the controls."""

    def set_regime(self, name: str | None) -> None:
        """Impose a regime on the market whatever its story says; None gives the story back.

        Raises
        ------
        ValueError
            If there is no regime of that name.
        """
        if name is not None and name not in REGIMES:
            raise ValueError(f"regime must be one of {', '.join(REGIMES)}, got {name!r}")
        self._market.moves.forced = None if name is None else REGIMES[name]

    def set_peg(self, coin: str, price_usd: float | None) -> None:
        """Let a stablecoin be drawn to a price in USD from now on, most of the way in half a minute; None lets go.

        Raises
        ------
        ValueError
            If the coin is no stablecoin or the price not within 0.01 and 10.
        """
        if coin not in STABLECOINS:
            raise ValueError(f"coin must be one of {', '.join(STABLECOINS)}, got {coin!r}")
        if price_usd is None:
            self._market.moves.pegs.pop(coin, None)
            return
        if not 0.01 <= price_usd <= 10.0:
            raise ValueError(f"price of {coin} must be from 0.01 to 10 USD, got {price_usd}")
        self._market.moves.pegs[coin] = price_usd

    def set_depth(self, factor: float, symbol: str | None = None) -> None:
        """Multiply the depth of a symbol's book (None: of all that were not set themselves) by ``factor``; 1 is normal.

        Raises
        ------
        ValueError
            If the factor is negative or above 1,000, or the symbol is not listed.
        """
        if not 0.0 <= factor <= 1000.0:
            raise ValueError(f"factor must be from 0 to 1000, got {factor}")
        if symbol is not None and symbol not in self._spot:
            self._world.contract(symbol)
        self._market.depth.factors[symbol or ""] = factor

    def shock(self, move: float, coin: str | None = None) -> None:
        """Move a coin at once by ``move`` (−0.1 is 10 % down), or, with None, all by their betas; all that follows follows.

        Raises
        ------
        ValueError
            If the coin is not traded or the move not within −0.95 and 5.
        """
        names = [one.name for one in COINS]
        if coin is not None and coin not in names:
            raise ValueError(f"coin must be one of {', '.join(names)}, got {coin!r}")
        if not -0.95 <= move <= 5.0:
            raise ValueError(f"move must be from -0.95 to 5, got {move}")
        self._market.shock(move, coin)
        self._after_prices()
