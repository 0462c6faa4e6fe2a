"""What an account's owner can set: margin mode, leverage, fees, collateral, spot hedging, margin of a position."""

from decimal import Decimal

from marginwatch.sim.account import ISOLATED, PORTFOLIO, Account
from marginwatch.sim.isolated import available
from marginwatch.sim.modes import mode_named
from marginwatch.sim.money import ZERO, from_float, to_cents
from marginwatch.sim.position import Position
from marginwatch.sim.reads import Reads

PORTFOLIO_EQUITY_USD = 1000.0
"""Least equity of an account in portfolio margin (an older text of the help centre)."""


class Settings(Reads):
    """The settings of accounts; each change is pushed as the exchange pushes it."""

    def set_margin_mode(self, uid: str, margin_mode: str) -> None:
        """Switch a whole account to another margin mode and push its positions and wallet.

        Raises
        ------
        ValueError
            If there is no such mode, or the account does not fit in isolated mode: it has options, owes a coin, or a coin has less than
            its positions and orders need; or its equity is too small for portfolio margin. Nothing is changed then.
        """
        account, before = self._account(uid), self._account(uid).margin_mode
        wanted = mode_named(margin_mode).name
        if wanted == ISOLATED and self._has_options(account):
            raise ValueError("an account with options cannot be in isolated mode")
        if wanted == ISOLATED and any(held.balance < 0 for held in account.wallet.values()):
            raise ValueError("an account that owes a coin cannot be in isolated mode")
        if wanted == PORTFOLIO and self._world.measure(account).equity < PORTFOLIO_EQUITY_USD:
            raise ValueError(f"portfolio margin needs an equity of {PORTFOLIO_EQUITY_USD:.0f} USD")
        account.margin_mode = wanted
        self._remeasure(account)
        if wanted == ISOLATED and (short := self._short_coin(account)):
            account.margin_mode = before
            self._remeasure(account)
            raise ValueError(f"margin of {short} is short of what isolated positions need")
        if wanted != ISOLATED:
            for position in account.positions.values():
                position.extra_margin, position.is_auto_margin = ZERO, False
            self._remeasure(account)
        account.settings_ms = self._world.now_ms
        self._tell_all(account)

    def set_leverage(self, uid: str, symbol: str, leverage: Decimal | str) -> None:
        """Set an account's leverage for a symbol and push its legs.

        Raises
        ------
        ValueError
            If it is outside of 1 to the contract's highest leverage, or an isolated position would need more margin than
            its coin has, or the account is in portfolio margin. Nothing is changed then.
        """
        account, contract, wanted = self._account(uid), self._world.contract(symbol), Decimal(leverage)
        if contract.is_option:
            raise ValueError(f"{symbol} is an option: it has no leverage")
        if not 1 <= wanted <= contract.max_leverage:
            raise ValueError(f"leverage of {symbol} must be 1 to {contract.max_leverage}, got {leverage}")
        if account.is_portfolio:
            raise ValueError(f"leverage of {symbol} cannot be set in portfolio margin")
        before = account.leverage_for(contract)
        legs = [p for (name, _), p in account.positions.items() if name == symbol]
        self._lever(account, symbol, legs, wanted)
        if account.is_isolated and wanted < before and self._short_coin(account) == contract.settle:
            self._lever(account, symbol, legs, before)
            raise ValueError(
                f"leverage {leverage} of {symbol} needs more {contract.settle} than is available"
            )
        for position in legs:
            position.updated_ms = max(self._world.now_ms, position.updated_ms + 1)
            self._world.tell_position(account, position)
        if legs:
            self._world.tell_wallet(account, contract.settle)

    def set_fees(self, uid: str, taker: Decimal | str, maker: Decimal | str) -> None:
        """Set an account's fees, fractions of value; ValueError unless taker is 0 to 1 and maker −1 to 1."""
        account, taker, maker = self._account(uid), Decimal(taker), Decimal(maker)
        if not (0 <= taker < 1 and -1 < maker < 1):
            raise ValueError(f"fees must be fractions below 1, taker not negative, got {taker} and {maker}")
        account.taker_fee, account.maker_fee = taker, maker
        self._remeasure(account)

    def set_collateral(self, uid: str, coin: str, *, is_on: bool) -> None:
        """Switch a coin on or off as collateral of an account and push it."""
        account = self._account(uid)
        account.coin(coin).is_collateral = is_on
        self._remeasure(account)
        self._world.tell_wallet(account, coin)

    def set_spot_hedging(self, uid: str, *, is_on: bool) -> None:
        """Let coins held spot count as hedges, or no more, and push the wallet.

        Raises
        ------
        ValueError
            If the account is not in portfolio margin, the only mode that has it.
        """
        account = self._account(uid)
        if not account.is_portfolio:
            raise ValueError(f"spot hedging needs portfolio margin, the account is in {account.margin_mode}")
        account.has_spot_hedging = is_on
        account.settings_ms = self._world.now_ms
        self._remeasure(account)
        self._world.tell_wallet(account, *account.wallet)

    def add_margin(self, uid: str, symbol: str, amount: Decimal | str, *, position_idx: int = 0) -> None:
        """Add margin to an isolated position (negative: take added margin back) and push position and coin.

        Raises
        ------
        ValueError
            If the account is not isolated, the position not open, or the amount neither available nor added before.
        """
        account, position = self._isolated_position(uid, symbol, position_idx)
        moved = to_cents(Decimal(amount))
        left = from_float(available(self._world.measure(account), position.contract.settle))
        if moved > left or position.extra_margin + moved < min(ZERO, position.extra_margin):
            raise ValueError(
                f"margin of {symbol} can change by −{position.extra_margin} to {left}, got {amount}"
            )
        position.extra_margin += moved
        self._told_margin(account, position)

    def set_auto_add_margin(self, uid: str, symbol: str, *, is_on: bool, position_idx: int = 0) -> None:
        """Switch automatic margin of an isolated position on or off; ValueError as from :meth:`add_margin`."""
        account, position = self._isolated_position(uid, symbol, position_idx)
        position.is_auto_margin = is_on
        self._told_margin(account, position)

    def _isolated_position(self, uid: str, symbol: str, position_idx: int) -> tuple[Account, Position]:
        account = self._account(uid)
        position = account.positions.get((self._world.contract(symbol).symbol, position_idx))
        if not account.is_isolated or position is None or not position.size:
            raise ValueError(f"{symbol} leg {position_idx} must be an open position of an isolated account")
        return account, position

    def _told_margin(self, account: Account, position: Position) -> None:
        position.margin_version = -1
        position.updated_ms = max(self._world.now_ms, position.updated_ms + 1)
        self._world.touch(account)
        self._world.tell_position(account, position)
        self._world.tell_wallet(account, position.contract.settle)

    def _lever(self, account: Account, symbol: str, legs: list[Position], leverage: Decimal) -> None:
        account.leverage[symbol] = leverage
        account.watch.slack_usd = 0.0
        for position in legs:
            position.set_leverage(leverage)
        self._world.touch(account, self._world.contract(symbol))

    def _has_options(self, account: Account) -> bool:
        is_held = any(position.is_option and position.size for position in account.positions.values())
        return is_held or any(order.contract.is_option for order in account.orders.values())

    def _short_coin(self, account: Account) -> str:
        figures = self._world.measure(account)
        return next((coin for coin in figures.coins if available(figures, coin) < 0.0), "")

    def _remeasure(self, account: Account) -> None:
        for position in account.positions.values():
            position.margin_version = -1
        account.watch.slack_usd = 0.0
        self._world.touch(account)

    def _tell_all(self, account: Account) -> None:
        for position in account.positions.values():
            if position.size:
                position.updated_ms = max(self._world.now_ms, position.updated_ms + 1)
                self._world.tell_position(account, position)
        self._world.tell_wallet(account, *account.wallet)
