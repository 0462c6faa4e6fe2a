"""All rules together: each source of columns goes in, the transitions of alerts come out."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from marginwatch.model.alert import Alert, Transition
from marginwatch.rules.column import Measure, Source
from marginwatch.rules.definition import Rule
from marginwatch.rules.evaluation import Evaluation
from marginwatch.rules.held import Held
from marginwatch.rules.identifiers import Identifiers
from marginwatch.rules.notices import part, tell_unknown
from marginwatch.rules.restore import Waiting
from marginwatch.rules.standing import RuleStanding, standing
from marginwatch.rules.state import RuleSettings, RuleState
from marginwatch.rules.telling import Teller
from marginwatch.rules.unknown import Owners
from marginwatch.rules.view import View, ViewKey
from marginwatch.rules.watch import SECOND_NS, Watch
from marginwatch.rules.windows import Window

__all__ = ["RuleBook", "RuleSettings", "RuleStanding"]

FIGURES_MAX = 1_000
"""Alerts whose further figures are read when somebody asks for the open ones."""


SETBACK_NS = 2_000_000_000
"""A source so much older than the last full one tells that the machine's clock was set back: lanes and frames are never
so far out of their order."""


class RuleBook:
    """Where each rule stands with each subject.

    Evaluation is masks over columns; Python handles what changes, and at most so much of it at a time as the settings say.
    Nothing here waits, reads a clock, or tells anybody.

    Parameters
    ----------
    rules : sequence of Rule
        Names are unique.
    measures : mapping of str to Measure
        Those that the rules name, ``at_least`` included.
    settings : RuleSettings, optional
        What holds for all rules.
    name : callable, optional
        Gives identifiers for a moment; unique for ever and in the order of time.

    Raises
    ------
    ValueError
        If two rules have a name, a measure is not known, or the steps of a rule do not rise.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        measures: Mapping[str, Measure],
        settings: RuleSettings | None = None,
        name: Callable[[int], str] | None = None,
    ) -> None:
        settings = settings or RuleSettings()
        owners = Owners(settings.unknown_after_s, settings.unknown_severity)
        self._state = RuleState(settings, owners, Waiting(None))
        self._name = name or Identifiers()
        self._shown: tuple[Alert, ...] | None = None
        self._turn = 0
        for rule in rules:
            self._add(rule, measures)

    def _add(self, rule: Rule, measures: Mapping[str, Measure]) -> None:
        state = self._state
        if rule.name in state.watches:
            raise ValueError(f"rule {rule.name!r} is there twice")
        if (measure := measures.get(rule.measure)) is None:
            raise ValueError(f"rule {rule.name!r}: there is no measure {rule.measure!r}")
        sides = [f"{measure.scope}.{name}" for name in rule.at_least]
        if unknown := [name for name in sides if name not in measures]:
            raise ValueError(f"rule {rule.name!r}: there is no measure {unknown[0]!r}")
        scope = state.rows_of(measure.scope)
        for name in (rule.measure, *sides):
            if name not in state.measures:
                state.measures[name] = measures[name]
                state.names[measure.scope].append(name)
        watch = state.watches[rule.name] = Watch(rule, measure)
        if watch.concerns is not None:
            scope.need_names()
        state.view_of[rule.name] = self._view(rule, measure)
        state.view_of[rule.name].add(watch)

    def _view(self, rule: Rule, measure: Measure) -> View:
        """Return the view of a rule, made if it is the first to look so."""
        state, key, window = self._state, ViewKey.of(rule), None
        if (known := state.views.get(key)) is not None:
            return known
        if rule.change_over_s is not None:
            window = state.windows.setdefault((rule.measure, rule.change_over_s), Window(rule.change_over_s))
        made = state.views[key] = View(key, measure.scope, window)
        state.by_scope[measure.scope].append(made)
        return made

    def restore(self, alerts: Sequence[Alert], judged_until_ns: int | None, now_ns: int) -> None:
        """Take over open alerts from before a restart, before the first evaluation; nothing of them is told anew.

        Parameters
        ----------
        alerts : sequence of Alert
            Pending and firing ones, and unknown notices.
        judged_until_ns : int or None
            Until when rules were evaluated: the time since then moves no timer. None if that is not known.
        now_ns : int
            Now, UTC nanoseconds: nothing was judged after it, even if a clock was set back.
        """
        self._shown = None
        state = self._state
        until_ns = None if judged_until_ns is None else min(judged_until_ns, now_ns)
        state.waiting = Waiting(until_ns, round(state.settings.settle_s * SECOND_NS))
        for alert in alerts:
            if alert.is_unknown_notice:
                state.owners.restore(alert)
            state.waiting.add(state.watches.get(alert.rule), alert)
            state.rows_of(alert.subject.scope).need_names()
            if alert.subject.scope == "position":
                # Whether a position is gone is known once its account was heard.
                state.rows_of("account").need_names()

    def evaluate(self, source: Source) -> tuple[Transition, ...]:
        """Judge what a source speaks of.

        Parameters
        ----------
        source : Source
            A frame, or a lane of a few accounts.

        Returns
        -------
        tuple of Transition
            What changed, in the order in which it did.
        """
        state, teller = self._state, Teller(self._name, source.at_ns, [])
        if state.last_ns - source.at_ns > SETBACK_NS:
            state.set_back(state.last_ns - source.at_ns)
        work = Evaluation(state, source, teller)
        work.judge()
        is_full = source.rows("portfolio") is None
        # Lanes come two hundred times a second; what they say of alerts that stay is shown with the next frame.
        if is_full or teller.told:
            self._shown = None
        if is_full:
            state.last_subjects, state.last_ns = work.subjects, source.at_ns
            tell_unknown(state, teller, state.settings.edges_max)
            if state.waiting.by_scope or state.waiting.orphans:
                part(state, source, teller)
        return tuple(teller.told)

    def open_alerts(self) -> tuple[Alert, ...]:
        """Return what is pending or firing, and unknown notices, with the values of the last evaluation.

        Ages and further figures are read from the last full source; in a storm the figures of so many alerts a call,
        in turns, so that asking costs no more than an evaluation may.
        """
        if self._shown is None:
            entries = [(view, held) for view in self._state.views.values() for held in view.held.entries]
            turn = self._turn if self._turn < len(entries) else 0
            for view, held in entries[turn : turn + FIGURES_MAX]:
                self._refresh(view, held)
            self._turn = turn + FIGURES_MAX
            found = [alert for view in self._state.views.values() for alert in self._dated(view)]
            found += self._state.waiting.alerts()
            found += self._state.owners.open_notices(self._state.last_ns)
            self._shown = tuple(found)
        return self._shown

    def _refresh(self, view: View, held: Held) -> None:
        subjects = self._state.last_subjects.get(view.scope)
        if subjects is not None and view.held.is_in(subjects.identities, held):
            held.alert = replace(held.alert, context=subjects.context(held.row))

    def _dated(self, view: View) -> Iterator[Alert]:
        """Give the alerts of a view with their values as last seen, and how old those are."""
        subjects = self._state.last_subjects.get(view.scope)
        if subjects is None:
            yield from map(view.held.last_known, view.held.entries)
            return
        for held, value, at_ns, is_there in view.held.seen(subjects.identities):
            age_s = subjects.data_age_s(held.row) if is_there else held.alert.data_age_s
            yield replace(held.alert, value=value, value_at_ns=at_ns, data_age_s=age_s)

    def standings(self) -> tuple[RuleStanding, ...]:
        """Return where each rule stands, in the order in which they were given."""
        state = self._state
        return tuple(
            standing(
                watch,
                state.view_of[name],
                state.scopes[watch.measure.scope],
                state.last_subjects.get(watch.measure.scope),
            )
            for name, watch in state.watches.items()
        )
