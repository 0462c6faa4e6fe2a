"""Who is told that data are missing: one notice for each owner of them, however many rules cannot be judged."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.model.alert import Alert, AlertState, Scope, Subject, TransitionKind
from marginwatch.model.severity import Severity
from marginwatch.rules.scope_rows import ScopeRows
from marginwatch.rules.telling import Teller
from marginwatch.rules.watch import SECOND_NS

RULE = "data-missing"
"""Name of the rule that notices go by."""
NAMES_MAX = 20
REASONS_MAX = 5
ACCOUNT_LABELS = ("account", "venue", "desk", "owner", "tags")


@dataclass(slots=True, eq=False)
class Owner:
    """Somebody whose data are missing, or were.

    Parameters
    ----------
    subject : Subject
        The account, for accounts and positions; else what is judged itself.
    labels : dict
        Of its notice.
    alert : Alert or None
        The notice, if it is out.
    is_gone : bool
        It was given up, so that nothing of it is missing any more.
    row : int
        Its row, as far as a restored notice made somebody ask for it; −1 if not.
    """

    subject: Subject
    labels: dict[str, str]
    alert: Alert | None = None
    is_gone: bool = False
    row: int = -1


@dataclass(slots=True)
class Lack:
    """What of an owner cannot be judged: names of rules, and why, each with how often."""

    rules: dict[str, None] = field(default_factory=dict[str, None])
    reasons: Counter[str] = field(default_factory=Counter[str])


class Owners:
    """Counts what is missing by owner.

    Parameters
    ----------
    after_s : float
        How long data may be missing before it is told.
    severity : Severity
        Of a notice.
    """

    def __init__(self, after_s: float, severity: Severity) -> None:
        self._after_ns = round(after_s * SECOND_NS)
        self._severity = severity
        self.owners: list[Owner] = []
        self._codes: dict[tuple[Scope, str], int] = {}
        self._count: CodeArray = np.zeros(8, np.int64)
        self._since_ns: CodeArray = np.zeros(8, np.int64)
        self._is_told: BoolArray = np.zeros(8, np.bool_)
        self._is_counted = False
        self._unproven: set[int] = set()
        """Those whose notice is from before a restart and who were not judged since."""

    def code(self, subject: Subject, labels: dict[str, str]) -> int:
        """Return the number of the owner of a subject's data."""
        if subject.scope == "position" and subject.account_id is not None:
            subject = Subject(scope="account", name=str(subject.account_id), account_id=subject.account_id)
            labels = {name: labels[name] for name in ACCOUNT_LABELS if name in labels}
        known = self._codes.get((subject.scope, subject.name))
        if known is not None:
            return known
        code = self._codes[subject.scope, subject.name] = len(self.owners)
        self.owners.append(Owner(subject, labels))
        if code == len(self._count):
            self._count = np.pad(self._count, (0, code))
            self._since_ns = np.pad(self._since_ns, (0, code))
            self._is_told = np.pad(self._is_told, (0, code))
        return code

    def restore(self, alert: Alert) -> None:
        """Take over a notice from before."""
        code = self.code(alert.subject, alert.labels)
        self.owners[code].alert = alert
        self._is_told[code] = True
        self._unproven.add(code)

    def meet(self, subject: Subject, row: int) -> None:
        """Note that the owner of a restored notice is there."""
        self.owners[self._codes[subject.scope, subject.name]].row = row

    def prove(self, scope: ScopeRows) -> None:
        """Note who of a scope was judged again, so that what is not missing is there."""
        for code in list(self._unproven):
            owner = self.owners[code]
            if owner.subject.scope == scope.scope and owner.row >= 0 and scope.is_judged[owner.row]:
                self._unproven.discard(code)

    def leave(self, codes: CodeArray) -> None:
        """Note that owners are no more."""
        for code in codes.tolist():
            self.owners[code].is_gone = True

    def leave_unproven(self, scope: Scope, rows: CodeArray) -> None:
        """Note that rows were given to others, for those who were not judged since a restart."""
        for code in list(self._unproven):
            owner = self.owners[code]
            if owner.subject.scope == scope and owner.row in rows:
                owner.is_gone = True
                self._unproven.discard(code)

    def drop(self, teller: Teller, subject: Subject, why: str) -> None:
        """End the notice of somebody who is no more."""
        self.resolve(teller, self._codes[subject.scope, subject.name], why)

    def set_back(self, by_ns: int) -> None:
        """Take a step of the clock off what was noted."""
        self._since_ns = np.where(self._since_ns > 0, self._since_ns - by_ns, 0)

    def count(self, codes: CodeArray, by: int) -> None:
        """Count more or less missing of owners, each as often as it is named."""
        np.add.at(self._count, codes, by)
        self._is_counted = True

    def settle(self, now_ns: int) -> None:
        """Note since when something is missing, once everything was counted: one may come as another goes."""
        if self._is_counted:
            since_ns = np.where(self._since_ns > 0, self._since_ns, now_ns)
            self._since_ns = np.where(self._count > 0, since_ns, 0)
            self._is_counted = False

    def due(self, now_ns: int) -> CodeArray:
        """Return those of whom a notice is due."""
        waits = (self._count > 0) & ~self._is_told
        return (
            np.flatnonzero(waits & (now_ns - self._since_ns >= self._after_ns))
            if waits.any()
            else self._count[:0]
        )

    def over(self) -> CodeArray:
        """Return those whose notice is over: nothing is missing any more."""
        if not self._is_told.any():
            return self._count[:0]
        found = np.flatnonzero(self._is_told & (self._count == 0))
        return found[~np.isin(found, list(self._unproven))] if self._unproven else found

    def fire(self, teller: Teller, code: int, lack: Lack) -> None:
        """Tell that data of an owner are missing."""
        owner, now_ns = self.owners[code], teller.now_ns
        since_ns = int(self._since_ns[code])
        severity, subject = self._severity, owner.subject
        reason = "; ".join(text for text, _ in lack.reasons.most_common(REASONS_MAX))
        owner.is_gone = False
        owner.alert = Alert(
            alert_id=teller.name(now_ns),
            key=f"?|{subject.scope}|{subject.name}",
            rule=RULE,
            subject=subject,
            state=AlertState.FIRING,
            severity=severity,
            labels=owner.labels | {"rule": RULE, "scope": subject.scope, "severity": severity.word},
            measure=RULE,
            unit="seconds",
            side="above",
            value=(now_ns - since_ns) / SECOND_NS,
            bound=self._after_ns / SECOND_NS,
            value_at_ns=now_ns,
            pending_since_ns=since_ns,
            fired_at_ns=now_ns,
            unknown_since_ns=since_ns,
            unknown_reason=reason,
            is_unknown_notice=True,
            context={"rules": _listed(list(lack.rules)), "reason": reason},
        )
        self._is_told[code] = True
        teller.tell(TransitionKind.FIRED, owner.alert)

    def resolve(self, teller: Teller, code: int, why_gone: str | None = None) -> None:
        """Tell that nothing of an owner is missing any more."""
        owner = self.owners[code]
        self._is_told[code] = False
        if owner.alert is None:
            return
        gone = {} if why_gone is None else {"gone": why_gone}
        alert = replace(
            owner.alert,
            state=AlertState.RESOLVED,
            resolved_at_ns=teller.now_ns,
            unknown_since_ns=None,
            unknown_reason=None,
            context=owner.alert.context | gone,
        )
        owner.alert = None
        self._unproven.discard(code)
        teller.tell(TransitionKind.RESOLVED, alert)

    def open_notices(self, now_ns: int) -> list[Alert]:
        """Return the notices that are out, with how long data have been missing by now."""
        found: list[Alert] = []
        for owner in self.owners:
            alert = owner.alert
            if alert is not None:
                since_ns = alert.unknown_since_ns or alert.pending_since_ns
                found.append(replace(alert, value=(now_ns - since_ns) / SECOND_NS, value_at_ns=now_ns))
        return found


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")
