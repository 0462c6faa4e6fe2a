"""Alerts of the demo: over a real store, and in the picture."""

import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.text import Text
from tests.demo.test_picture import PROGRESS
from tests.web.alerts import MINUTE_NS, NOW_NS, alert_of

from marginwatch.clock import ManualClock
from marginwatch.demo.alerts import AlertLine, AlertWatch
from marginwatch.demo.changes import ChangeLog
from marginwatch.demo.picture import picture, shares
from marginwatch.demo.tables import WIDE, alerts_table, cut_between_words
from marginwatch.demo.tally import Percentiles, percentiles
from marginwatch.model.alert import Alert, AlertState, Transition, TransitionKind
from marginwatch.model.delivery import OutboxRow, RowOutcome, RowState, SendReason
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity
from marginwatch.risk.frame import Frame
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.outbox import StoredOutbox

DISTANCE = "account.liquidation_distance"


def fired(alert: Alert, at_ns: int = NOW_NS, kind: TransitionKind = TransitionKind.FIRED) -> Transition:
    return Transition(transition_id=f"{alert.alert_id}-{kind}", kind=kind, at_ns=at_ns, alert=alert)


def test_warned_is_whose_distance_alert_fired_before_the_liquidation() -> None:
    watch = AlertWatch()
    watch.hear(
        [
            fired(alert_of("early", measure=DISTANCE), 5),
            fired(alert_of("early", measure=DISTANCE), 50),
            fired(alert_of("late", measure=DISTANCE), 30),
            fired(alert_of("usage-only"), 1),
            fired(alert_of("pending-only", measure=DISTANCE), 1, TransitionKind.PENDING),
            fired(alert_of("unknown", measure=DISTANCE, is_unknown_notice=True), 1),
        ]
    )
    names = ("early", "late", "usage-only", "pending-only", "unknown", "never")
    assert watch.warned({AccountId(name): 20 for name in names}) == ("early",)


async def test_lines_say_what_became_of_the_messages(tmp_path) -> None:
    store = await Store.open(tmp_path / "x.sqlite")
    stored, outbox = StoredAlerts(store), StoredOutbox(store, ManualClock(NOW_NS))
    alerts = [
        alert_of("mild", severity=Severity.WARNING),
        alert_of("grave", severity=Severity.CRITICAL),
        alert_of("kept", severity=Severity.INFO),
        alert_of("over", AlertState.RESOLVED),
    ]
    rows = [
        OutboxRow(
            channel="inbox",
            group="g",
            reason=SendReason.FIRED,
            alert=one,
            transition_id=f"{one.alert_id}-fired",
            made_at_ns=NOW_NS,
            due_ns=NOW_NS,
        )
        for one in alerts
    ]
    async with store.transaction() as unit:
        await stored.write(unit, [fired(one) for one in alerts], rows)
    claimed = await outbox.claim("me", "inbox", NOW_NS, MINUTE_NS, 10)
    states = {"grave": RowState.SENT, "kept": RowState.SKIPPED, "over": RowState.SENT}
    await outbox.finish(
        "me",
        [
            RowOutcome(row_id=row.row_id, state=states[row.alert.subject.name])
            for row in claimed
            if row.alert.subject.name in states
        ],
    )
    alerting = SimpleNamespace(
        open_alerts=lambda: alerts[:3],
        resolved_alerts=stored.resolved_alerts,
        channel_standings=stored.channel_standings,
        now_ns=lambda: NOW_NS,
    )
    watch = AlertWatch()
    await watch.look(alerting)  # pyright: ignore[reportArgumentType]  # the four that it asks
    assert [(one.severity, one.subject, one.is_over, one.told) for one in watch.lines] == [
        ("critical", "grave", False, RowState.SENT),
        ("warning", "mild", False, RowState.WAITING),
        ("info", "kept", False, RowState.SKIPPED),
        ("high", "over", True, RowState.SENT),
    ]
    assert [one.age_s for one in watch.lines] == [540.0, 540.0, 540.0, 60.0]
    assert "72.3%" in watch.lines[0].headline
    # Held back is not to be told; what waits is, and has not been.
    counts = await stored.counts()
    assert (counts.n_routed, counts.n_delivered) == (3, 2)
    await store.close()


def lines_of(n: int) -> list[AlertLine]:
    return [
        AlertLine(
            severity="high",
            subject=f"mm-{number}",
            headline=f"mm-{number} uses 72.3% of its equity for maintenance margin, more than 70.0%",
            age_s=60.0 * number,
            is_over=number > 2,
            told=RowState.SENT,
        )
        for number in range(n)
    ]


@pytest.mark.parametrize(("width", "height"), [(200, 60), (140, 44), (WIDE, 40), (WIDE - 1, 50), (100, 44)])
def test_alerts_are_in_the_picture_and_it_still_fits(
    measure_desk: Callable[[], Frame], width: int, height: int
) -> None:
    console = Console(file=io.StringIO(), width=width, height=height, highlight=False)
    drawn = picture(
        measure_desk(), ChangeLog(), PROGRESS, lines_of(9), width=width, height=height, note=Text("1\n2\n3")
    )
    console.print(drawn)
    lines = console.file.getvalue().splitlines()  # pyright: ignore[reportAttributeAccessIssue]
    assert max(len(line) for line in lines) <= width
    assert len(lines) <= height
    assert any("ALERTS  3 firing" in line for line in lines)
    assert any("high  mm-0 uses 72.3%" in line and "✓" in line for line in lines)


@pytest.mark.parametrize("height", [24, 30, 44, 60, 100])
@pytest.mark.parametrize("is_wide", [True, False])
@pytest.mark.parametrize("n_alerts", [0, 3, 50])
def test_rows_never_take_more_than_there_is_in_a_usual_terminal(
    height: int, is_wide: bool, n_alerts: int
) -> None:
    rows = shares(height, 12, n_alerts, is_wide=is_wide)
    assert min(rows.accounts, rows.exposure, rows.alerts) >= 1
    lists = rows.alerts + rows.changes + 6
    lower = max(rows.exposure + 6, lists) if is_wide else rows.exposure + 6 + lists
    if height >= 44:
        assert 11 + rows.accounts + 6 + lower <= height


def test_nothing_fires_is_said() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(alerts_table([], 5))
    assert "nothing fires" in console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (40, "moves by 3.25% or more"),
        (22, "moves by 3.25% or more"),
        (12, "moves by…"),
        (4, "…"),
        (21, "moves by 3.25% or…"),
    ],
)
def test_a_headline_is_cut_between_words(width: int, text: str) -> None:
    assert cut_between_words("moves by 3.25% or more", width) == text


def test_percentiles_of_samples_and_of_none() -> None:
    assert percentiles([]) == Percentiles(None, None)
    found = percentiles([float(number) for number in range(101)])
    assert (found.p50, found.p99) == (50.0, 99.0)
