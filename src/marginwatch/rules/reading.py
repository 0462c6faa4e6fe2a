"""``[[rule]]`` tables → rules; what is wrong is told with file, line, key and fix."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from marginwatch.config.durations import seconds_of
from marginwatch.config.loader import read_document, read_tables
from marginwatch.config.sections import DURATIONS
from marginwatch.config.table import Complaints, nearest, read_table
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.rules.bounds import Bounds, Side, check_reach, read_steps
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.table import RuleTable
from marginwatch.rules.vocabulary import LABELS, RESERVED, placeholders_of

GUIDES = "guides"
"""Name of the second rule file that comes along."""

EXEMPT = ("margin_usage", "distance")
"""Parts of the names of measures whose alerts nothing inhibits."""

RULES_MAX = 1_000
"""In one file: every frame is held against each of them, and 200 are many."""

CHANGE_MAX_S = 86_400.0
"""The longest change that is judged: values are kept for so long."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def read_rules(
    complaints: Complaints, tables: Sequence[Mapping[str, Any]], measures: Mapping[str, Measure]
) -> tuple[Rule, ...]:
    """Return the rules in the order of the file; what is wrong is noted in ``complaints``, and that rule left out.

    Refused are unknown keys, measures, labels and placeholders, wrong types, a name given twice, and rules that nothing can
    fulfil: a bound beyond what the measure can reach, one that it is always beyond, a place to clear at on the wrong side
    of its bound or where the measure cannot get back to, a ladder that does not rise.

    Parameters
    ----------
    complaints : Complaints
        Of the file.
    tables : sequence of mapping
        Its ``[[rule]]`` tables.
    measures : mapping of str to Measure
        Which there are.
    """
    found: dict[str, Rule] = {}
    if len(tables) > RULES_MAX:
        complaints.refuse(
            ("rule", RULES_MAX), f"more than {RULES_MAX} rules; take steps, or patterns in only, for several"
        )
    for index, values in enumerate(tables[:RULES_MAX]):
        reader = _RuleReader(complaints, index, measures)
        rule = reader.read(values)
        if rule is None:
            continue
        if rule.name in found:
            reader.refuse("name", f"name {rule.name!r} is given twice; give each rule a name of its own")
            continue
        found[rule.name] = rule
    return tuple(found.values())


@cache
def default_rules() -> tuple[Rule, ...]:
    """Return the built-in rules, which are on without configuration; those that they suppress are among them."""
    return _packaged("default")


def rule_file(path: Path | str) -> tuple[Rule, ...]:
    """Return the rules of a file; ``guides`` is the one that comes along.

    Raises
    ------
    ConfigError
        If it cannot be read, or a rule in it is wrong.
    """
    if str(path) == GUIDES:
        return _packaged(GUIDES)
    return _from(Path(path))


def _packaged(name: str) -> tuple[Rule, ...]:
    # The names of its rules say where they are from; its path on this machine says nothing to anybody.
    place = Path(str(files("marginwatch.rules").joinpath(f"{name}.toml")))
    return tuple(msgspec.structs.replace(rule, origin="built-in") for rule in _from(place))


def _from(file: Path) -> tuple[Rule, ...]:
    complaints, document = read_document(file, ("rule",), "this rule file", "name an existing file")
    rules = read_rules(complaints, read_tables(complaints, document, "rule"), MEASURES)
    complaints.raise_if_any()
    return rules


def check_suppressed(complaints: Complaints, rules: Sequence[Rule]) -> None:
    """Note which of all rules in force suppress a rule that is not there, or one that nothing may hold back."""
    known = {rule.name: rule for rule in rules}
    for rule in rules:
        for name in rule.suppresses:
            said = f"{rule.origin}: rule {rule.name!r} suppresses {name!r}"
            if name not in known:
                complaints.refuse(("rule",), f"{said}, which is not there; {nearest(name, list(known))}")
            elif any(part in known[name].measure for part in EXEMPT):
                problem = "which tells how near a liquidation is: nothing may hold that back; leave it out"
                complaints.refuse(("rule",), f"{said}, {problem}")
            elif _leads_back(name, rule.name, known):
                complaints.refuse(
                    ("rule",),
                    f"{said}, which suppresses it in turn: nobody would be told; let one of them end there",
                )


def _leads_back(name: str, goal: str, known: Mapping[str, Rule]) -> bool:
    """Return whether a rule suppresses ``goal``, itself or through others."""
    seen: set[str] = set()
    left = [name]
    while left:
        at = left.pop()
        if at == goal:
            return True
        if at not in seen and at in known:
            seen.add(at)
            left.extend(known[at].suppresses)
    return False


class _RuleReader:
    """Reads one table; ``is_wrong`` once anything was refused."""

    def __init__(self, complaints: Complaints, index: int, measures: Mapping[str, Measure]) -> None:
        self._complaints = complaints
        self._path = ("rule", index)
        self._measures = measures
        self.is_wrong = False

    def refuse(self, key: str, message: str) -> None:
        """Note what is wrong at a key."""
        self.is_wrong = True
        self._complaints.refuse((*self._path, key), f"[[rule]] {message}")

    def read(self, values: Mapping[str, Any]) -> Rule | None:
        """Return the rule, None if anything in it is wrong."""
        good = read_table(self._complaints, self._path, values, RuleTable)
        known = {field.encode_name: field.name for field in msgspec.structs.fields(RuleTable)}
        if not {"name", "measure"} <= good.keys() or any(known.get(key) not in good for key in values):
            return None
        table = RuleTable(**good)
        measure = self._measure(table.measure)
        if measure is None:
            return None
        rule = self._rule(table, measure)
        return None if rule is None or self.is_wrong else rule

    def _measure(self, name: str) -> Measure | None:
        found = self._measures.get(name)
        if found is None:
            self.refuse("measure", f"there is no measure {name!r}; {_nearest_measure(name, self._measures)}")
        return found

    def _rule(self, table: RuleTable, measure: Measure) -> Rule | None:
        change_over_s = self._change_over(table)
        side, steps = self._steps(table)
        if steps:
            bounds = Bounds.of(measure, is_change=change_over_s is not None, is_relative=table.relative)
            if table.magnitude:
                bounds = bounds.magnitude()
            for key, problem in check_reach(measure, side, steps, bounds):
                self.refuse("steps" if table.steps else key, problem)
        self._check_texts(table, measure)
        at_least = self._at_least(table, measure)
        only = self._only(table, measure)
        times = (
            self._duration("for", table.for_),
            self._duration("keep_firing_for", table.keep_firing_for),
            None if table.repeat_every is None else self._repeat_every(table.repeat_every),
        )
        labels = self._labels(table)
        if not steps:
            return None
        is_informational = steps[-1].severity is Severity.INFO
        return Rule(
            name=table.name,
            measure=table.measure,
            side=side,
            steps=steps,
            change_over_s=change_over_s,
            is_relative=table.relative,
            is_magnitude=table.magnitude,
            for_s=times[0] or 0.0,
            keep_firing_for_s=times[1] or 0.0,
            repeat_every_s=times[2],
            only=only,
            at_least=at_least,
            labels=labels,
            route=table.route,
            message=table.message,
            action=table.action,
            suppresses=tuple(table.suppresses),
            is_watching_unknown=not is_informational if table.watch_missing is None else table.watch_missing,
            origin=self._complaints.place(self._path),
        )

    def _steps(self, table: RuleTable) -> tuple[Side, tuple[Step, ...]]:
        side, steps, problems = read_steps(table)
        for key, problem in problems:
            self.refuse(key, problem)
        return side, steps

    def _duration(self, key: str, text: str) -> float | None:
        try:
            return seconds_of(text)
        except ValueError as error:
            self.refuse(key, f"{key}: {error}")
            return None

    def _repeat_every(self, text: str) -> float | None:
        seconds = self._duration("repeat_every", text)
        least, most = DURATIONS["repeat_every"]
        if seconds is not None and not least <= seconds <= most:
            problem = f"repeat_every must be between {least:g} and {most:g} s, got {seconds:g} s"
            self.refuse("repeat_every", problem)
        return seconds

    def _change_over(self, table: RuleTable) -> float | None:
        if table.change_over is None:
            if table.relative:
                self.refuse("relative", 'relative is about a change; say over which time: change_over = "5m"')
            return None
        seconds = self._duration("change_over", table.change_over)
        if seconds is not None and not 0.0 < seconds <= CHANGE_MAX_S:
            self.refuse(
                "change_over",
                "change_over must be longer than 0 s and at most 1d, over which values are kept",
            )
        return seconds

    def _only(self, table: RuleTable, measure: Measure) -> tuple[Matcher, ...]:
        found: list[Matcher] = []
        known = [*LABELS[measure.scope], *(("tag",) if "tags" in LABELS[measure.scope] else ())]
        for text in table.only:
            try:
                matcher = Matcher.parse(text)
            except ValueError as error:
                self.refuse("only", f"only: {error}")
                continue
            if matcher.label not in known:
                have = f"have {', '.join(known)}" if known else "have no labels"
                self.refuse("only", f"only: subjects of scope {measure.scope} {have}, not {matcher.label!r}")
                continue
            found.append(matcher)
        return tuple(found)

    def _at_least(self, table: RuleTable, measure: Measure) -> dict[str, float]:
        for name, least in table.at_least.items():
            beside = self._measures.get(f"{measure.scope}.{name}")
            if beside is None:
                others = [
                    one.partition(".")[2] for one in self._measures if one.startswith(f"{measure.scope}.")
                ]
                problem = f"at_least: there is no measure {measure.scope}.{name}; {nearest(name, others)}"
                self.refuse("at_least", problem)
            elif not least <= beside.highest:
                problem = f"at_least: {name} never exceeds {beside.highest:g}, so the rule would never fire"
                self.refuse("at_least", problem)
        return dict(table.at_least)

    def _labels(self, table: RuleTable) -> dict[str, str]:
        for name, value in table.labels.items():
            if not value.isprintable():
                self.refuse("labels", f"labels: {name} = {value!r} must be printable")
            if re.fullmatch(r"[a-z_][a-z0-9_]*", name) is None:
                self.refuse("labels", f"labels: {name!r} must be lower-case letters, digits and _")
            elif name in RESERVED:
                self.refuse("labels", f"labels: {name!r} is given by the subject; take another name")
        if not table.suppresses:
            return dict(table.labels)
        # Whoever sends alerts looks for it there: it survives a restart with the alert.
        return dict(table.labels) | {"suppresses": f",{','.join(table.suppresses)},"}

    def _check_texts(self, table: RuleTable, measure: Measure) -> None:
        known = [*placeholders_of(measure.scope), *table.labels]
        for key, text in (("message", table.message), ("action", table.action)):
            for name in _PLACEHOLDER.findall(text or ""):
                if name not in known:
                    problem = f"{key}: there is no placeholder {{{name}}} for {measure.scope}; {nearest(name, known)}"
                    self.refuse(key, problem)


def _nearest_measure(name: str, measures: Mapping[str, Measure]) -> str:
    """Return the remedy for an unknown measure: the most similar, the same of another scope, or those of its scope."""
    scope, _, own = name.partition(".")
    elsewhere = sorted(one for one in measures if one.partition(".")[2] == (own or scope))
    if elsewhere:
        return f"there is {', '.join(elsewhere)}"
    mine = [one for one in measures if one.startswith(f"{scope}.")]
    return nearest(name, mine or list(measures))
