"""Which message a transition goes back to."""

from marginwatch.app.alerting.causes import heard_ns
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.engine.engine import Engine
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.alert import Alert, AlertState, Subject, Transition, TransitionKind
from marginwatch.model.events import MarksUpdate, PositionsUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.risk.frame import Frame, LaneResult

S = 1_000_000_000
NOW = 1_000 * S


def desk() -> tuple[Engine, list[Frame | LaneResult], ManualClock]:
    clock = ManualClock(NOW)
    book, seen = PositionBook(clock), []
    for name in ("a", "b"):
        book.register(
            AccountSpec(
                account_id=AccountId(name),
                exchange="bybit",
                venue=VenueId("bybit"),
                endpoints=Endpoints(rest="", private="", public={}),
                api_key=Secret("k"),
                api_secret=Secret("s"),
            )
        )
    return Engine(book, clock, rules=[seen.append]), seen, clock


def transition(account: str, kind: TransitionKind, pending_since_ns: int = NOW) -> Transition:
    alert = Alert(
        alert_id=account,
        key=account,
        rule="usage",
        subject=Subject(scope="account", name=account, account_id=AccountId(account)),
        state=AlertState.FIRING,
        severity=Severity.HIGH,
        labels={},
        measure="account.maintenance_margin_usage",
        unit="fraction",
        side="above",
        value=0.7,
        bound=0.5,
        value_at_ns=NOW,
        pending_since_ns=pending_since_ns,
    )
    return Transition(transition_id=account, kind=kind, at_ns=NOW, alert=alert)


def message(account: str, received_ns: int) -> PositionsUpdate:
    return PositionsUpdate(AccountId(account), (), received_ns, received_ns)


def test_a_lane_goes_back_to_the_first_message_of_each_account() -> None:
    engine, seen, _ = desk()
    for account, before_ms in (("a", 9), ("b", 3), ("a", 1)):
        engine.sink(message(account, NOW - before_ms * 1_000_000))
    engine.run_lane()
    fired = [transition(name, TransitionKind.FIRED) for name in ("b", "a")]
    assert heard_ns(seen[0], fired) == (NOW - 3_000_000, NOW - 9_000_000)
    # What was measured once is not behind the next transition.
    engine.sink(message("a", NOW + 5))
    engine.run_lane()
    assert heard_ns(seen[1], fired) == (None, NOW + 5)


def test_a_frame_goes_back_to_the_account_or_to_the_oldest_of_all_it_shows() -> None:
    engine, seen, _ = desk()
    engine.sink(MarksUpdate((), NOW - 80_000_000))
    engine.sink(message("a", NOW - 2_000_000))
    engine.run_frame()
    fired = [transition(name, TransitionKind.RAISED) for name in ("a", "b")]
    assert heard_ns(seen[0], fired) == (NOW - 2_000_000, NOW - 80_000_000)


def test_no_message_is_behind_what_time_brought() -> None:
    engine, seen, _ = desk()
    engine.sink(message("a", NOW - 2_000_000))
    engine.run_lane()
    waited = transition("a", TransitionKind.FIRED, pending_since_ns=NOW - 30 * S)
    kinds = (TransitionKind.RESOLVED, TransitionKind.WENT_UNKNOWN, TransitionKind.LOWERED)
    late = [waited, *(transition("a", kind) for kind in kinds)]
    assert heard_ns(seen[0], late) == (None, None, None, None)
