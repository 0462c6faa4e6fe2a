"""What holds an alert back: inhibition, silences, mutes, acknowledgements."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notify.samples import SECOND, T, a_row, a_setup, an_alert, over

from marginwatch.model.alert import Acknowledgement, Subject
from marginwatch.model.delivery import SendReason
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher, Silence
from marginwatch.notify.settings import Inhibit, Mute
from marginwatch.notify.stages.holding import held_back, what_holds
from marginwatch.notify.stages.inhibition import Inhibitors, is_exempt
from marginwatch.notify.stages.mutes import end_of_window_ns
from marginwatch.notify.stages.superseding import merged
from marginwatch.notify.stages.view import view_of

TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")
WEEK = frozenset(range(7))


def matchers(*texts):
    return tuple(Matcher.parse(text) for text in texts)


def a_silence(**changed):
    given = {"from_ns": T - 1, "until_ns": T + 100, "matchers": matchers("account=mm-1")}
    return Silence(**{"silence_id": "s", "author": "eve", "comment": "maintenance", **given, **changed})


def a_mute(**changed):
    given = {"days": WEEK, "from_minute": 0, "to_minute": 1_440, "zone": ZoneInfo("UTC")}
    return Mute(**{"name": "night", "matchers": matchers("severity!=critical"), **given, **changed})


def a_view(*, alerts=(), silences=(), given=(), now_ns=T, **setup):
    return view_of(now_ns, a_setup(**setup), alerts, silences, given)


def acknowledged(alert, **changed):
    given = {"severity": alert.severity, "author": "eve", "comment": "", "at_ns": T - 1, "until_ns": T + 100}
    return Acknowledgement(key=alert.key, alert_id=alert.alert_id, **{**given, **changed})


def the_notice(account="mm-1"):
    return an_alert(
        9,
        rule="data-missing",
        key=f"?|account|{account}",
        account=account,
        measure="account.maintenance_margin_usage",
        is_unknown_notice=True,
    )


def down(account="mm-1"):
    return an_alert(8, rule="account-stale", measure="account.is_stale", account=account)


def test_an_account_that_is_down_inhibits_its_notice_of_missing_data_and_nothing_else():
    inhibitors = Inhibitors([down()])
    assert inhibitors.inhibitor_of(the_notice()) == "account-stale|account|mm-1"
    assert inhibitors.inhibitor_of(the_notice("mm-2")) is None
    for rule, measure in (
        ("margin", "account.maintenance_margin_usage"),
        ("distance", "account.liquidation_distance"),
        ("loss", "account.unrealized_loss"),
    ):
        assert inhibitors.inhibitor_of(an_alert(1, rule=rule, measure=measure)) is None


def test_no_configuration_inhibits_what_says_how_near_a_liquidation_is():
    everything = Inhibit(source=matchers("rule=account-stale"), target=matchers("rule=~.*"))
    inhibitors = Inhibitors([down()], [everything])
    assert inhibitors.inhibitor_of(an_alert(measure="account.maintenance_margin_usage")) is None
    assert inhibitors.inhibitor_of(an_alert(measure="position.liquidation_distance")) is None
    assert inhibitors.inhibitor_of(an_alert(measure="account.unrealized_loss")) is not None
    assert not is_exempt(the_notice())


def test_configured_inhibition_asks_for_equal_labels():
    inhibit = Inhibit(source=matchers("rule=loss"), target=matchers("rule=move"), equal=("account",))
    source = an_alert(1, rule="loss", measure="account.loss")
    inhibitors = Inhibitors([source], [inhibit])
    assert inhibitors.inhibitor_of(an_alert(2, rule="move", measure="m", account="mm-1")) == source.key
    assert inhibitors.inhibitor_of(an_alert(2, rule="move", measure="m", account="mm-2")) is None


def test_no_alert_inhibits_itself():
    inhibit = Inhibit(source=matchers("account=mm-1"), target=matchers("account=mm-1"))
    alert = an_alert(measure="account.loss")
    assert Inhibitors([alert], [inhibit]).inhibitor_of(alert) is None


def test_a_rule_makes_others_superfluous_on_the_same_subject_only():
    subject, other = Subject(scope="asset", name="BTC"), Subject(scope="asset", name="ETH")
    over_hedged = an_alert(
        1, rule="ratio", subject=subject, labels={"suppresses": ",opposing,bias,"}, measure="m"
    )
    inhibitors = Inhibitors([over_hedged])
    assert (
        inhibitors.inhibitor_of(an_alert(2, rule="opposing", subject=subject, measure="m")) == over_hedged.key
    )
    assert inhibitors.inhibitor_of(an_alert(2, rule="opposing", subject=other, measure="m")) is None
    assert inhibitors.inhibitor_of(an_alert(2, rule="third", subject=subject, measure="m")) is None


def test_only_what_fires_inhibits():
    assert a_view(alerts=[over(down())]).inhibitors.inhibitor_of(the_notice()) is None


@pytest.mark.parametrize(
    ("silence", "is_held"),
    [
        (a_silence(), True),
        (a_silence(matchers=matchers("account=mm-1", "severity=high")), True),
        (a_silence(matchers=matchers("account=mm-1", "severity=critical")), False),
        (a_silence(matchers=matchers("tag=b")), True),
        (a_silence(until_ns=T), False),
        (a_silence(from_ns=T + 1), False),
        (a_silence(ended_at_ns=T), False),
    ],
)
def test_a_silence_holds_what_meets_all_of_it_while_it_lasts(silence, is_held):
    held = held_back(an_alert(), a_view(silences=[silence]))
    assert (held is not None) == is_held
    if held is not None:
        assert held.end is SendReason.SILENCE_ENDED
        assert "eve" in held.detail
        assert "maintenance" in held.detail


def at(zone, *moment):
    return int(datetime(*moment, tzinfo=zone).timestamp()) * SECOND


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on():
    friday_night = a_mute(days=frozenset({4}), from_minute=22 * 60, to_minute=7 * 60, zone=TOKYO)
    end_ns = at(TOKYO, 2026, 11, 21, 7, 0)
    assert end_of_window_ns(friday_night, at(TOKYO, 2026, 11, 20, 21, 59)) is None
    assert end_of_window_ns(friday_night, at(TOKYO, 2026, 11, 20, 22, 0)) == end_ns
    assert end_of_window_ns(friday_night, at(TOKYO, 2026, 11, 21, 6, 59)) == end_ns
    assert end_of_window_ns(friday_night, end_ns) is None
    assert end_of_window_ns(friday_night, at(TOKYO, 2026, 11, 21, 22, 30)) is None


def test_a_window_ends_by_the_clock_on_the_wall_in_the_night_that_has_an_hour_more():
    night = a_mute(from_minute=22 * 60, to_minute=7 * 60, zone=BERLIN)
    # 2026-10-25, 03:00 summer time is 02:00 winter time.
    end_ns = at(BERLIN, 2026, 10, 25, 7, 0)
    start_ns = at(BERLIN, 2026, 10, 24, 22, 0)
    assert end_ns - start_ns == 10 * 3_600 * SECOND
    assert end_of_window_ns(night, start_ns) == end_ns
    assert end_of_window_ns(night, end_ns - SECOND) == end_ns


@given(
    days=st.frozensets(st.integers(0, 6), min_size=1),
    begin=st.integers(0, 1_439),
    end=st.integers(1, 1_440),
    minute=st.integers(0, 14 * 1_440),
    zone=st.sampled_from([TOKYO, BERLIN, ZoneInfo("America/New_York")]),
)
def test_a_window_agrees_with_a_look_at_the_wall_each_minute(days, begin, end, minute, zone):
    """Outside of nights in which clocks change: by walking from each beginning to its end."""
    start = datetime(2026, 6, 1, tzinfo=zone)
    now = start + timedelta(minutes=minute)
    walls = []
    for back in (0, 1):
        day = (now - timedelta(days=back)).date()
        if day.weekday() in days:
            first = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=begin)
            length = (end - begin) if end > begin else end - begin + 1_440
            walls.append(first <= now < first + timedelta(minutes=length))
    mute = a_mute(days=days, from_minute=begin, to_minute=end, zone=zone)
    found = end_of_window_ns(mute, int(now.timestamp()) * SECOND)
    assert (found is not None) == any(walls)


def test_a_mute_holds_what_it_matches():
    assert held_back(an_alert(), a_view(mutes=(a_mute(),))).end is SendReason.MUTE_ENDED
    assert held_back(an_alert(severity=Severity.CRITICAL), a_view(mutes=(a_mute(),))) is None


@pytest.mark.parametrize(
    ("changed", "is_held"),
    [
        ({}, True),
        ({"severity": Severity.CRITICAL}, True),
        ({"severity": Severity.WARNING}, False),
        ({"until_ns": T}, False),
        ({"alert_id": "another"}, False),
    ],
)
def test_an_acknowledgement_holds_its_occurrence_up_to_its_severity(changed, is_held):
    alert = an_alert()
    given = msgspec.structs.replace(acknowledged(alert), **changed)
    assert (held_back(alert, a_view(given=[given])) is not None) == is_held


def test_the_end_is_held_by_silences_and_mutes_alone():
    alert = an_alert()
    [item] = merged([a_row(over(alert), SendReason.RESOLVED, 1)])
    assert what_holds(item, a_view(given=[acknowledged(alert)])) is None
    assert what_holds(item, a_view(silences=[a_silence()])) is not None
    assert what_holds(item, a_view(mutes=(a_mute(),))) is not None


def test_a_change_in_place_makes_no_sound_so_a_mute_lets_it_pass():
    alert = an_alert()
    [item] = merged([a_row(alert, SendReason.UPDATED, 1)])
    assert what_holds(item, a_view(given=[acknowledged(alert)], mutes=(a_mute(),))) is None
    assert what_holds(item, a_view(silences=[a_silence()])) is not None
