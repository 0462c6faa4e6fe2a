"""Interest on what accounts owe: charged at every whole hour, and added to the debt."""

from marginwatch.sim.coins import HOURLY_BORROW_RATE
from marginwatch.sim.insurance import move
from marginwatch.sim.money import EXACT, from_float, to_cents
from marginwatch.sim.world import World

HOUR_MS = 3_600_000


def charge_interest(world: World, hours: int = 1) -> None:
    """Charge ``hours`` on every coin that an account owes; the house earns it. Isolated accounts cannot borrow."""
    for account in world.accounts.values():
        if account.is_isolated:
            continue
        owed = {
            name: coin.borrowed for name, coin in world.measure(account).coins.items() if coin.borrowed > 0.0
        }
        for name, borrowed in owed.items():
            interest = to_cents(EXACT.multiply(from_float(borrowed), HOURLY_BORROW_RATE * hours))
            if interest:
                move(world, account, name, -interest, "INTEREST")
                account.watch.slack_usd = 0.0
                world.house.cash[name] = EXACT.subtract(world.house.cash[name], interest)
                world.house.fees[name] = EXACT.add(world.house.fees[name], interest)
