"""Announced margin changes: higher maintenance rates at a stated time; until then positions can only be reduced.

Who has none may open one, and then only reduce it.
"""

from dataclasses import dataclass
from decimal import Decimal

from marginwatch.sim.account import Account
from marginwatch.sim.instruments import Contract
from marginwatch.sim.position import Position
from marginwatch.sim.tiers import scaled
from marginwatch.sim.world import World


@dataclass(frozen=True, slots=True)
class MarginChange:
    """One announcement: all maintenance rates of a contract times ``factor`` from ``effective_ms`` on."""

    contract: Contract
    factor: Decimal
    effective_ms: int


def announce(world: World, change: MarginChange) -> None:
    """Mark and push every position in the contract: reduce only, with the time of the change; so will be later ones."""
    world.announced_ms[change.contract.symbol] = change.effective_ms
    for account, position in _legs(world, change.contract):
        if not position.size:
            continue
        position.is_reduce_only, position.margin_change_ms = True, change.effective_ms
        _told(world, account, position)


def take_effect(world: World, change: MarginChange) -> None:
    """Replace the contract's tiers and push its positions, free to grow again; liquidations follow by themselves."""
    world.announced_ms.pop(change.contract.symbol, None)
    tiers = change.contract.tiers
    tiers.replace(scaled(tiers, change.factor))
    for account, position in _legs(world, change.contract):
        position.is_reduce_only, position.margin_change_ms = False, change.effective_ms
        position.margin_version = -1
        account.watch.slack_usd = 0.0
        world.touch(account)
        if position.size:
            _told(world, account, position)


def _legs(world: World, contract: Contract) -> list[tuple[Account, Position]]:
    return [
        (account, position)
        for account in world.accounts.values()
        for leg in (0, 1, 2)
        if (position := account.positions.get((contract.symbol, leg))) is not None
    ]


def _told(world: World, account: Account, position: Position) -> None:
    position.updated_ms = max(world.now_ms, position.updated_ms + 1)
    world.tell_position(account, position)
