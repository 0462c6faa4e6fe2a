from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Change
from marginwatch.sim.traders import plans


def test_activity_is_what_was_asked_for() -> None:
    exchange = Exchange(2, ManualClock(), activity_per_s=3.0)
    before = exchange.stats().position_changes
    exchange.advance(30.0)
    events = exchange.stats().position_changes - before
    assert 3.0 * 12 * 30 <= events <= 1.6 * 3.0 * 12 * 30


def test_all_kinds_of_events_happen() -> None:
    exchange = Exchange(2, ManualClock(), activity_per_s=20.0)
    sides: dict[tuple[str, str, int], set[str]] = {}
    unchanged = 0
    last: dict[tuple[str, str, int], tuple[object, ...]] = {}

    def note(change: Change) -> None:
        nonlocal unchanged
        for row in change.positions:
            key = (row.uid, row.symbol, row.position_idx)
            sides.setdefault(key, set()).add(row.side)
            unchanged += last.get(key) == (row.seq, row.updated_ms, row.size)
            last[key] = (row.seq, row.updated_ms, row.size)

    exchange.subscribe(note)
    exchange.advance(60.0)
    assert any({"Buy", "Sell"} <= seen for key, seen in sides.items() if key[2] == 0)
    assert any("" in seen for seen in sides.values())
    assert unchanged > 1000


def test_without_activity_nothing_but_prices_moves() -> None:
    exchange = Exchange(2, ManualClock(), activity_per_s=0.0)
    kinds: set[str] = set()
    exchange.subscribe(lambda change: kinds.add(change.kind))
    exchange.advance(10.0)
    assert kinds == {"ticker"}


def test_plans_repeat_and_names_differ() -> None:
    symbols = [f"S{number}" for number in range(30)]
    one = plans(40, symbols, None, 5)
    assert one == plans(40, symbols, None, 5)
    assert one != plans(40, symbols, None, 6)
    assert len({plan.name for plan in one}) == 40
    assert one[0].name == "treasury"
