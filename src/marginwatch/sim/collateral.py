"""What of an account's coins counts as collateral: by the exchange's ratios and its owner's switches."""

from marginwatch.sim.account import Account
from marginwatch.sim.coins import collateral_ratio


def counted_ratio(account: Account, coin: str, equity: float) -> float:
    """Return the part of a coin's equity that backs the account: all of a debt, none of what its owner switched off."""
    return collateral_ratio(coin, equity) if equity <= 0.0 or is_collateral(account, coin) else 0.0


def is_collateral(account: Account, coin: str) -> bool:
    """Return whether the owner lets a coin back the account, as everybody does unless told otherwise."""
    held = account.wallet.get(coin)
    return held is None or held.is_collateral
