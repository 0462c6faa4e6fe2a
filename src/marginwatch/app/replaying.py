"""Rules over recorded history, as a service that ran them then would have: nothing is stored, nobody is told."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from marginwatch.app.recorded_measures import RECORDED, name_of, value_of
from marginwatch.book.history.days import day_start_ns
from marginwatch.config.durations import seconds_of
from marginwatch.config.settings import Config
from marginwatch.model.account import AccountSpec
from marginwatch.model.alert import Transition
from marginwatch.model.equity import EquitySample
from marginwatch.model.severity import Severity
from marginwatch.risk.answers import Answer
from marginwatch.rules.definition import Rule
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.rulebook import RuleBook, RuleSettings
from marginwatch.rules.series import SeriesRows, SeriesSource, SeriesValue
from marginwatch.rules.subjects.accounts import account_labels
from marginwatch.store.equity_minutes import EquityMinutes
from marginwatch.store.store import Store

NS = 1_000_000_000
GAP_S = 150
"""Beyond this nothing was recorded: a service that starts again takes its alerts over, and no timer has moved."""

HOUR_S = 3_600
GONE_AFTER_S = 600
"""Somebody without a sample for so long is gone; before that merely not heard."""

Minutes = AsyncIterator[tuple[int, tuple[EquitySample, ...]]]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that cannot be judged from history, and the measures that it would take."""

    rule: str
    measures: tuple[str, ...]


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a replay.

    Parameters
    ----------
    n_minutes : int
        Moments that were judged.
    first_ns, last_ns : int or None
        The first and the last of them; None if there are none.
    n_gaps : int
        Times in which nothing was recorded.
    is_thinned : bool
        Of a part only full hours are kept.
    judged : tuple of str
        Names of the rules that were judged.
    left_out : tuple of LeftOut
        The others.
    transitions : tuple of Transition
        What changed when.
    accounts : tuple of str
        Those of which there was a sample.
    """

    n_minutes: int
    first_ns: int | None
    last_ns: int | None
    n_gaps: int
    is_thinned: bool
    judged: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    transitions: tuple[Transition, ...]
    accounts: tuple[str, ...] = ()


def recorded_rules(rules: Sequence[Rule]) -> tuple[tuple[Rule, ...], tuple[LeftOut, ...]]:
    """Return the rules whose measures history holds, and the others."""
    judged: list[Rule] = []
    left_out: list[LeftOut] = []
    for rule in rules:
        scope = MEASURES[rule.measure].scope
        needed = (rule.measure, *(f"{scope}.{name}" for name in rule.at_least))
        lacking = tuple(name for name in needed if name not in RECORDED)
        if lacking:
            left_out.append(LeftOut(rule=rule.name, measures=lacking))
        else:
            judged.append(rule)
    return tuple(judged), tuple(left_out)


class Replayer:
    """Judges minute by minute.

    Parameters
    ----------
    rules : sequence of Rule
        In force; those that cannot be judged are told apart.
    settings : RuleSettings
        As of the service.
    accounts : sequence of AccountSpec
        For labels of those that are still configured.
    zone : ZoneInfo
        In which a day begins.
    """

    def __init__(
        self, rules: Sequence[Rule], settings: RuleSettings, accounts: Sequence[AccountSpec], zone: ZoneInfo
    ) -> None:
        self._rules, self._left_out = recorded_rules(rules)
        self._settings = settings
        self._zone = zone
        self._labels: dict[str, dict[str, str]] = {
            str(one.account_id): account_labels(one) for one in accounts
        }
        self._measures = {
            name: RECORDED[name]
            for rule in self._rules
            for name in (
                rule.measure,
                *(f"{MEASURES[rule.measure].scope}.{least}" for least in rule.at_least),
            )
        }
        self._rows = SeriesRows()
        self._book = self._new_book()
        self._starts: dict[tuple[str, str], float] = {}
        self._latest: dict[tuple[str, str], float] = {}
        self._day_ns = -1
        self._seen_s: dict[tuple[str, str], int] = {}

    def _new_book(self) -> RuleBook:
        return RuleBook(self._rules, MEASURES, self._settings)

    async def run(self, minutes: Minutes, from_ns: int) -> Replay:
        """Judge each minute from ``from_ns`` on; earlier ones only say how the day began.

        Parameters
        ----------
        minutes : async iterator
            Each kept minute with its samples, oldest first.
        from_ns : int
            UTC nanoseconds.
        """
        transitions: list[Transition] = []
        n_minutes, n_gaps, is_thinned = 0, 0, False
        first_s: int | None = None
        last_s: int | None = None
        async for minute_s, samples in minutes:
            self._note(minute_s, samples)
            if minute_s * NS < from_ns:
                continue
            if last_s is not None and minute_s - last_s > GAP_S:
                if minute_s - last_s == HOUR_S and minute_s % HOUR_S == 0:
                    is_thinned = True
                else:
                    n_gaps += 1
                    self._start_again(last_s, minute_s)
            transitions += self._book.evaluate(self._source(minute_s, samples))
            first_s, last_s = first_s if first_s is not None else minute_s, minute_s
            n_minutes += 1
        return Replay(
            n_minutes=n_minutes,
            first_ns=None if first_s is None else first_s * NS,
            last_ns=None if last_s is None else last_s * NS,
            n_gaps=n_gaps,
            is_thinned=is_thinned,
            judged=tuple(rule.name for rule in self._rules),
            left_out=self._left_out,
            transitions=tuple(transitions),
            accounts=tuple(sorted(name for scope, name in self._seen_s if scope == "account")),
        )

    def _note(self, minute_s: int, samples: Sequence[EquitySample]) -> None:
        """Remember the growth of each subject when its day began: the last before, or its first of that day."""
        day_ns = day_start_ns(minute_s * NS, self._zone)
        if day_ns != self._day_ns:
            self._day_ns = day_ns
            self._starts = dict(self._latest)
        for one in samples:
            if one.growth_index is not None:
                self._latest[one.scope, one.name] = one.growth_index
                self._starts.setdefault((one.scope, one.name), one.growth_index)

    def _start_again(self, last_s: int, minute_s: int) -> None:
        before = self._book
        self._book = self._new_book()
        self._book.restore(before.open_alerts(), last_s * NS, minute_s * NS)

    def _source(self, minute_s: int, samples: Sequence[EquitySample]) -> SeriesSource:
        by_scope: dict[str, list[EquitySample]] = {}
        for one in samples:
            by_scope.setdefault(one.scope, []).append(one)
            self._seen_s[one.scope, name_of(one)] = minute_s
        values: dict[str, dict[str, SeriesValue]] = {name: {} for name in self._measures}
        for (scope, name), seen_s in self._seen_s.items():
            if 0 < minute_s - seen_s <= GONE_AFTER_S:
                for measure in self._measures:
                    if measure.partition(".")[0] == scope:
                        values[measure][name] = Answer.MISSING
        for name, figure in self._measures.items():
            column = values[name]
            for one in by_scope.get(name.partition(".")[0], ()):
                column[name_of(one)] = value_of(figure, one, self._starts)
        return SeriesSource(minute_s * NS, values, self._labels_of(by_scope.get("desk", ())), rows=self._rows)

    def _labels_of(self, desks: Sequence[EquitySample]) -> Mapping[str, Mapping[str, str]]:
        for one in desks:
            self._labels.setdefault(one.name, {"desk": one.name})
        return self._labels


async def replay_config(
    config: Config,
    rules: Sequence[Rule],
    from_ns: int,
    to_ns: int,
    accounts: Iterable[str] | None = None,
) -> Replay:
    """Return what rules would have found in the history that the service of a configuration recorded.

    Its database may be in use meanwhile; it is read alone.

    Parameters
    ----------
    config : Config
        Says where the history is, when a day begins, and labels of accounts.
    rules : sequence of Rule
        To be judged.
    from_ns, to_ns : int
        UTC nanoseconds, both included.
    accounts : iterable of str, optional
        Whose samples; those of all accounts, desks and of all together by default.

    Raises
    ------
    ConfigError
        If the database cannot be used.
    ConnectivityError
        If it cannot be reached.
    """
    alerts = config.alerts
    zone = ZoneInfo(alerts.day_zone)
    settings = RuleSettings(
        unknown_after_s=seconds_of(alerts.unknown_after),
        unknown_severity=Severity.of_word(alerts.unknown_severity),
    )
    known = (*config.accounts, *(one.spec for one in config.refused))
    store = await Store.open(config.service.store, is_alone=False)
    try:
        minutes = EquityMinutes(store).minutes(day_start_ns(from_ns, zone), to_ns, accounts)
        return await Replayer(rules, settings, known, zone).run(minutes, from_ns)
    finally:
        await store.close()
