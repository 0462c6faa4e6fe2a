"""Alerts that would inhibit each other: of several one is always told."""

import msgspec
import pytest
from tests.notify.samples import SECOND, T, an_alert

from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.notify.settings import Inhibit
from marginwatch.notify.stages.inhibition import Inhibitors


def a_table(source: str, target: str, *equal: str) -> Inhibit:
    return Inhibit(source=(Matcher.parse(source),), target=(Matcher.parse(target),), equal=equal)


def plain(number: int, **changed):
    """Return an alert of a measure that may be inhibited."""
    return an_alert(
        number, measure="account.drawdown", **{"rule": f"rule-{number}", "account": "mm-1", **changed}
    )


def told(alerts, *tables):
    inhibitors = Inhibitors(alerts, tables)
    return [one.rule for one in alerts if inhibitors.inhibitor_of(one) is None]


def test_of_alerts_that_are_source_and_target_at_once_the_most_severe_is_told() -> None:
    everything = a_table("severity=~high|critical", "severity=~.+", "account")
    alerts = [plain(1), plain(2, severity=Severity.CRITICAL), plain(3, severity=Severity.WARNING)]
    assert told(alerts, everything) == ["rule-2"]
    assert told(alerts[:1], everything) == ["rule-1"]


def test_of_equals_the_one_that_has_fired_longest_is_told() -> None:
    alerts = [plain(1, fired_at_ns=T), plain(2, fired_at_ns=T - SECOND), plain(3, fired_at_ns=T + SECOND)]
    assert told(alerts, a_table("severity=high", "severity=high")) == ["rule-2"]


def test_a_source_that_is_no_target_inhibits_even_the_most_severe() -> None:
    alerts = [plain(1, severity=Severity.CRITICAL), plain(2, severity=Severity.INFO)]
    table = a_table("rule=~rule-.", "rule=rule-1")
    assert told(alerts, table) == ["rule-2"]


@pytest.mark.parametrize("n_more", [0, 3])
def test_two_tables_that_lead_back_to_each_other_leave_one_side_told(n_more: int) -> None:
    alerts = [
        plain(1),
        plain(2, severity=Severity.CRITICAL),
        *(plain(number, rule="rule-1", account=f"mm-{number}") for number in range(3, 3 + n_more)),
    ]
    assert told(alerts, a_table("rule=rule-1", "rule=rule-2"), a_table("rule=rule-2", "rule=rule-1")) == [
        "rule-2"
    ]


def test_rules_that_suppress_each_other_leave_one_told() -> None:
    first, second = plain(1), plain(2)
    first = msgspec.structs.replace(first, labels={**first.labels, "suppresses": ",rule-2,"})
    second = msgspec.structs.replace(second, labels={**second.labels, "suppresses": ",rule-1,"})
    assert len(told([first, second])) == 1
