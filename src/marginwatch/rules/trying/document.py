"""The file of a trial: rules, series and expectations, with file, line, key and remedy for all that is wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from marginwatch.config.durations import seconds_of
from marginwatch.config.lines import line_of
from marginwatch.config.loader import read_document, read_tables
from marginwatch.config.table import Complaints, nearest, read_table
from marginwatch.errors import ConfigError
from marginwatch.model.severity import Severity
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Rule
from marginwatch.rules.reading import default_rules, read_rules, rule_file
from marginwatch.rules.rulebook import RuleSettings
from marginwatch.rules.trying.notation import Point, parse_series
from marginwatch.rules.trying.trial import Expectation, Series, Trial
from marginwatch.rules.unknown import RULE as DATA_MISSING

KNOWN = ("rules", "interval", "unknown_after", "rule", "series", "expect")
DEFAULT = "default"
ANY = "any"
INTERVAL_S_MAX = 86_400.0
STEPS_MAX = 1_000_000


class SeriesTable(msgspec.Struct, frozen=True, kw_only=True):
    """A ``[[series]]`` table."""

    measure: str
    subject: str
    values: str | list[str | float]
    labels: dict[str, str] = {}


class ExpectTable(msgspec.Struct, frozen=True, kw_only=True):
    """An ``[[expect]]`` table."""

    at: str
    rule: str
    subject: str
    state: Literal["inactive", "pending", "firing", "resolved", "any"] = ANY
    severity: Literal["info", "warning", "high", "critical", "any"] = ANY
    unknown: bool | None = None
    fired: int | None = None


def read_trial(path: Path | str, measures: Mapping[str, Measure]) -> Trial:
    """Return the trial in a file.

    Parameters
    ----------
    path : Path or str
        A TOML file; rule files that it names start from its folder.
    measures : mapping of str to Measure
        Those that rules and series may name.

    Raises
    ------
    ConfigError
        One line for each thing that is wrong.
    """
    file = Path(path)
    complaints, document = read_document(file, KNOWN, "the trial", "name a TOML file of rules and series")
    rules = _rules(complaints, document, file, measures)
    interval_s = _duration(complaints, document, "interval", "1m")
    unknown_after_s = _duration(complaints, document, "unknown_after", "60s")
    series = _all_series(complaints, read_tables(complaints, document, "series"), measures)
    tables = read_tables(complaints, document, "expect")
    expectations = [_expectation(complaints, place, table) for place, table in enumerate(tables)]
    complaints.raise_if_any()
    if not series:
        raise ConfigError(f"{file}: there is no [[series]]: rules without numbers judge nothing")
    trial = Trial(
        rules=rules,
        interval_s=interval_s,
        settings=RuleSettings(unknown_after_s=unknown_after_s),
        series=tuple(series),
        expectations=tuple(one for one in expectations if one is not None),
    )
    _judge(complaints, trial)
    complaints.raise_if_any()
    return trial


def _rules(
    complaints: Complaints, document: Mapping[str, Any], file: Path, measures: Mapping[str, Measure]
) -> tuple[Rule, ...]:
    tables = read_tables(complaints, document, "rule")
    named: object = document.get("rules", DEFAULT if not tables else [])
    names = [named] if isinstance(named, str) else named
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):  # pyright: ignore[reportUnknownVariableType]  # TOML
        complaints.refuse(("rules",), f"rules must be {DEFAULT!r}, 'guides', a file name, or a list of these")
        names = []
    found: dict[str, Rule] = {}
    for one in [*_named(names, file), *read_rules(complaints, tables, measures)]:  # pyright: ignore[reportUnknownArgumentType]  # texts, as checked
        found[one.name] = one
    return tuple(found.values())


def _named(names: Sequence[str], file: Path) -> list[Rule]:
    found: list[Rule] = []
    for name in names:
        if name == DEFAULT:
            found += default_rules()
        else:
            found += rule_file(name if name == "guides" else file.absolute().parent / name)
    return found


def _duration(complaints: Complaints, document: Mapping[str, Any], key: str, usual: str) -> float:
    text: object = document.get(key, usual)
    try:
        seconds = seconds_of(text) if isinstance(text, str) else 0.0
    except ValueError as error:
        complaints.refuse((key,), f"{key}: {error}")
        return 1.0
    if not 0.0 < seconds <= INTERVAL_S_MAX:
        complaints.refuse((key,), f'{key} must be a text such as "{usual}", up to 1d')
        return 1.0
    return seconds


def _all_series(
    complaints: Complaints, tables: Sequence[Mapping[str, Any]], measures: Mapping[str, Measure]
) -> list[Series]:
    found: list[Series] = []
    lines: dict[tuple[str, str], str] = {}
    for place, table in enumerate(tables):
        one = _series(complaints, place, table, measures)
        if one is None:
            continue
        if (before := lines.get((one.measure, one.subject))) is not None:
            complaints.refuse(
                ("series", place),
                f"[[series]]: {one.measure} of {one.subject} is there already: {before}; write one of the two",
            )
        lines[one.measure, one.subject] = complaints.place(("series", place))
        found.append(one)
    return found


def _series(
    complaints: Complaints, place: int, table: Mapping[str, Any], measures: Mapping[str, Measure]
) -> Series | None:
    path = ("series", place)
    good = read_table(complaints, path, table, SeriesTable)
    measure, values = good.get("measure"), good.get("values")
    if measure is not None and measure not in measures:
        complaints.refuse(
            (*path, "measure"),
            f"[[series]] measure: there is no measure {measure!r}; {nearest(measure, list(measures))}",
        )
    if measure is None or values is None or "subject" not in good:
        return None
    parts = values.split() if isinstance(values, str) else [str(part) for part in values]
    try:
        points: list[Point] = parse_series(" ".join(parts))
    except ValueError as error:
        complaints.refuse((*path, "values"), f"[[series]] values: {error}")
        return None
    if not points:
        complaints.refuse((*path, "values"), "[[series]] values: there are none; write at least one")
        return None
    return Series(
        measure=measure, subject=good["subject"], points=tuple(points), labels=good.get("labels", {})
    )


def _expectation(complaints: Complaints, place: int, table: Mapping[str, Any]) -> Expectation | None:
    path = ("expect", place)
    good = read_table(complaints, path, table, ExpectTable)
    if "at" not in good or "rule" not in good or "subject" not in good:
        return None
    if not {"state", "severity", "unknown", "fired"} & table.keys():
        complaints.refuse(path, "[[expect]] expects nothing; add state, severity, unknown or fired")
    try:
        at_s = seconds_of(good["at"])
    except ValueError as error:
        complaints.refuse((*path, "at"), f"[[expect]] at: {error}")
        return None
    state, severity = good.get("state", ANY), good.get("severity", ANY)
    return Expectation(
        at_s=at_s,
        rule=good["rule"],
        subject=good["subject"],
        state=None if state == ANY else state,
        severity=None if severity == ANY else Severity.of_word(severity),
        is_unknown=good.get("unknown"),
        n_fired=good.get("fired"),
        line=line_of(complaints.lines, path),
    )


def _judge(complaints: Complaints, trial: Trial) -> None:
    """Refuse expectations that nothing in the file could ever speak of: they would be met, or not, by mistake."""
    rules = {one.name: one for one in trial.rules}
    paths = (("expect", place) for place in range(len(trial.expectations)))
    lines = {line_of(complaints.lines, path): path for path in paths}
    names = {one.subject for one in trial.series}
    for one in trial.expectations:
        path = lines.get(one.line, ("expect",))
        if one.rule not in rules and one.rule != DATA_MISSING:
            known = [*rules, DATA_MISSING]
            complaints.refuse(
                (*path, "rule"), f"[[expect]] rule: there is no rule {one.rule!r}; {nearest(one.rule, known)}"
            )
            continue
        measure = None if one.rule == DATA_MISSING else rules[one.rule].measure
        subjects = names if measure is None else {it.subject for it in trial.series if it.measure == measure}
        if one.subject not in subjects:
            what = "" if measure is None else f" of {measure}"
            complaints.refuse(
                (*path, "subject"),
                f"[[expect]] subject: there is no [[series]]{what} for {one.subject!r}; {nearest(one.subject, sorted(subjects))}"
                if subjects
                else f"[[expect]] rule: there is no [[series]]{what}, which {one.rule} judges; add one",
            )
    if trial.n_steps > STEPS_MAX:
        complaints.refuse(
            ("interval",),
            f"the trial takes {trial.n_steps} steps; at most {STEPS_MAX}: write a longer interval",
        )
