"""Rules as slow and obvious loops: for each subject what it did, second by second, in dictionaries.

Written from the description of what alerts do, not from the code: timers here are sums of the time that counted, and every
rung of a ladder is looked at by itself.
"""

from dataclasses import dataclass, field

from marginwatch.model.severity import Severity
from marginwatch.risk.answers import Answer
from marginwatch.rules.definition import Rule
from marginwatch.rules.series import Doubtful, SeriesValue


@dataclass
class Life:
    """One rule and one subject."""

    state: str = "rest"
    rung: int = 0
    level: int = 0
    told_level: int = 0
    told_waited_s: float = 0.0
    told_at_s: float = 0.0
    waited_s: float = 0.0
    below_s: float | None = None
    clear_s: float | None = None
    highest_below: int = 0
    is_unknown: bool = False
    is_running: bool = False
    is_running_before: bool = False
    stopped_at_s: float = 0.0
    seen_at_s: float = 0.0


@dataclass
class Notice:
    """What of an owner is missing."""

    since_s: float | None = None
    is_out: bool = False
    is_unproven: bool = False


def is_number(value: SeriesValue) -> bool:
    return isinstance(value, Doubtful) or (value is not None and not isinstance(value, Answer))


def plain(value: SeriesValue) -> float:
    return value.value if isinstance(value, Doubtful) else value  # type: ignore[return-value]


def is_missing(value: SeriesValue) -> bool:
    return value is None or value is Answer.MISSING


@dataclass
class Oracle:
    """All rules about accounts."""

    rules: list[Rule]
    grace_s: float
    lives: dict[tuple[str, str], Life] = field(default_factory=dict)
    lost: dict[tuple[str, str], bool] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    log: list[tuple[float, str, str, str, int]] = field(default_factory=list)

    def tell(self, now_s: float, rule: str, name: str, kind: str, severity: int) -> None:
        if life := self.lives.get((rule, name)):
            life.told_level, life.told_waited_s, life.told_at_s = life.level, life.waited_s, now_s
        self.log.append((now_s, rule, name, kind, severity))

    def moment(
        self,
        now_s: float,
        values: dict[str, dict[str, SeriesValue]],
        labels: dict[str, dict[str, str]],
        judged: set[str],
        lane: set[str] | None,
    ) -> None:
        """Look at everybody spoken of."""
        names = set(next(iter(values.values())))
        spoken = names if lane is None else names & lane
        if lane is None:
            for name in sorted(self.there - names):
                self.leave(now_s, name)
            self.there = set(names)
        else:
            self.there |= spoken
        self.awaited -= spoken
        for rule in self.rules:
            if not all(matcher.matches(labels.get("", {})) for matcher in rule.only if matcher.label == ""):
                continue
            for name in sorted(spoken):
                if all(matcher.matches(labels[name] | {"account": name}) for matcher in rule.only):
                    self.look(now_s, rule, name, values, name in judged)
        self.owe(now_s, names, judged, is_full=lane is None)
        if lane is None and judged & names:
            for name in sorted(self.awaited):
                self.leave(now_s, name)
                if (notice := self.notices.get(name)) and notice.is_out:
                    notice.is_out = False
                    self.tell(now_s, "data-missing", name, "resolved", Severity.WARNING)
            self.awaited.clear()

    def leave(self, now_s: float, name: str) -> None:
        """Somebody is no more."""
        if name in self.notices:
            self.notices[name].is_unproven = False
        for rule in self.rules:
            life = self.lives.pop((rule.name, name), None)
            self.lost.pop((rule.name, name), None)
            if life is not None and life.state != "rest":
                kind = "resolved" if life.state == "firing" else "calmed"
                self.tell(now_s, rule.name, name, kind, rule.steps[life.level - 1].severity)

    def judge(
        self, rule: Rule, name: str, values: dict[str, dict[str, SeriesValue]], life: Life
    ) -> tuple[str, int]:
        """Return what a moment says: ``lost``, ``quiet`` (lost, but of no interest) or ``known``, and the rung."""
        value = values[rule.measure][name]
        is_active = life.state != "rest"
        for side, least in rule.at_least.items():
            other = values[f"account.{side}"][name]
            if is_number(other) and plain(other) >= least:
                continue
            if (
                isinstance(other, Doubtful)
                or is_missing(other)
                or isinstance(value, Doubtful)
                or is_missing(value)
            ):
                if isinstance(value, Answer) and value is not Answer.MISSING:
                    break
                return "quiet", 0
            return "known", 0
        if is_missing(value):
            return "lost", 0
        if not is_number(value):
            return "known", 0
        rung = 0
        for number, step in enumerate(rule.steps, 1):
            was_on = life.rung >= number
            if rule.side == "above":
                is_on = plain(value) > step.bound or (was_on and plain(value) > step.clear)
            else:
                is_on = plain(value) < step.bound or (was_on and plain(value) < step.clear)
            if is_on:
                rung = number
        if isinstance(value, Doubtful):
            if rung == 0:
                return "lost", 0
            rung = max(rung, life.rung) if is_active else rung
        return "known", rung

    def look(
        self, now_s: float, rule: Rule, name: str, values: dict[str, dict[str, SeriesValue]], is_judged: bool
    ) -> None:
        """Let one rule look at one subject."""
        life = self.lives.setdefault((rule.name, name), Life())
        passed = now_s - life.seen_at_s if life.is_running else 0.0
        life.is_running_before = life.is_running
        if life.is_running:
            life.stopped_at_s = now_s
        life.seen_at_s, life.is_running = now_s, False
        life.waited_s += passed
        life.below_s = None if life.below_s is None else life.below_s + passed
        life.clear_s = None if life.clear_s is None else life.clear_s + passed
        if not is_judged:
            return
        verdict, rung = self.judge(rule, name, values, life)
        self.lost[rule.name, name] = verdict == "lost"
        if life.state == "rest":
            if verdict == "known" and rung:
                self.begin(now_s, rule, name, life, rung)
            return
        severity = rule.steps[life.level - 1].severity
        if verdict != "known":
            if not life.is_unknown:
                life.is_unknown = True
                self.tell(now_s, rule.name, name, "went_unknown", severity)
            return
        has_stood_still = life.state == "pending" and not life.is_running_before and now_s > life.stopped_at_s
        if life.is_unknown or has_stood_still:
            life.is_unknown = False
            self.tell(now_s, rule.name, name, "known_again", severity)
        life.rung, life.is_running = rung, True
        if life.state == "pending":
            self.wait(now_s, rule, name, life)
        else:
            self.burn(now_s, rule, name, life)

    def begin(self, now_s: float, rule: Rule, name: str, life: Life, rung: int) -> None:
        life.rung = life.level = rung
        life.waited_s, life.is_running = 0.0, True
        life.below_s = life.clear_s = None
        life.state = "pending" if rule.for_s else "firing"
        self.tell(now_s, rule.name, name, "pending" if rule.for_s else "fired", rule.steps[rung - 1].severity)

    def wait(self, now_s: float, rule: Rule, name: str, life: Life) -> None:
        if life.rung == 0:
            self.tell(now_s, rule.name, name, "calmed", rule.steps[life.level - 1].severity)
            self.lives[rule.name, name] = Life()
            return
        life.level = life.rung
        if life.waited_s >= rule.for_s:
            life.state = "firing"
            self.tell(now_s, rule.name, name, "fired", rule.steps[life.level - 1].severity)

    def burn(self, now_s: float, rule: Rule, name: str, life: Life) -> None:
        if life.rung >= life.level:
            life.below_s = life.clear_s = None
            if life.rung > life.level:
                life.level = life.rung
                self.tell(now_s, rule.name, name, "raised", rule.steps[life.level - 1].severity)
            return
        if life.below_s is None:
            life.below_s, life.highest_below = 0.0, 0
        life.highest_below = max(life.highest_below, life.rung)
        life.clear_s = None if life.rung else (life.clear_s or 0.0)
        if life.clear_s is not None and life.clear_s >= rule.keep_firing_for_s:
            self.tell(now_s, rule.name, name, "resolved", rule.steps[life.level - 1].severity)
            self.lives[rule.name, name] = Life()
        elif life.below_s >= rule.keep_firing_for_s:
            life.level = life.highest_below
            self.tell(now_s, rule.name, name, "lowered", rule.steps[life.level - 1].severity)
            life.below_s = 0.0 if life.rung < life.level else None
            life.highest_below = life.rung

    def owe(self, now_s: float, names: set[str], judged: set[str], *, is_full: bool) -> None:
        """Tell owners of missing data."""
        watching = {rule.name for rule in self.rules if rule.is_watching_unknown}
        for name in sorted(names | set(self.notices)):
            notice = self.notices.setdefault(name, Notice())
            is_lost = any(self.lost.get((rule, name), False) for rule in watching)
            if not is_lost:
                notice.since_s = None
            elif notice.since_s is None:
                notice.since_s = now_s
            if not is_full:
                continue
            if notice.is_unproven and name in judged and name in names:
                notice.is_unproven = False
            if notice.is_out and not is_lost and not notice.is_unproven:
                notice.is_out = False
                self.tell(now_s, "data-missing", name, "resolved", Severity.WARNING)
            if not notice.is_out and notice.since_s is not None and now_s - notice.since_s >= self.grace_s:
                notice.is_out = True
                self.tell(now_s, "data-missing", name, "fired", Severity.WARNING)

    def restart(self, judged_until_s: float) -> None:
        """Be killed and begin anew: what was open is there, no time has passed, nothing was looked at."""
        kept: dict[tuple[str, str], Life] = {}
        for key, life in self.lives.items():
            if life.state == "rest":
                continue
            # All that is known by now is what was told last, and until when somebody was at work.
            life.waited_s = life.told_waited_s
            if not life.is_unknown:
                life.stopped_at_s = max(judged_until_s, life.told_at_s)
                life.waited_s += life.stopped_at_s - life.told_at_s
            life.is_running, life.below_s, life.clear_s = False, None, None
            # A pending alert that became worse told nobody, so nobody remembers.
            life.rung = life.level = life.told_level
            kept[key] = life
        self.lives, self.lost, self.there = kept, {}, set()
        self.awaited = {name for _, name in kept} | {n for n, notice in self.notices.items() if notice.is_out}
        self.notices = {
            name: Notice(None, is_out=True, is_unproven=True)
            for name, notice in self.notices.items()
            if notice.is_out
        }
