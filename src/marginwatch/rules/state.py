"""Everything that rules remember between evaluations."""

from dataclasses import dataclass, field

import msgspec

from marginwatch.model.alert import Scope
from marginwatch.model.severity import Severity
from marginwatch.rules.column import Measure, Subjects
from marginwatch.rules.restore import Waiting
from marginwatch.rules.scope_rows import ScopeRows
from marginwatch.rules.unknown import Owners
from marginwatch.rules.view import View, ViewKey
from marginwatch.rules.watch import Watch
from marginwatch.rules.windows import Window


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all rules.

    Parameters
    ----------
    unknown_after_s : float
        How long data may be missing before it is told.
    unknown_severity : Severity
        Of that notice.
    settle_s : float
        How long after a subject is heard again a restored alert stands as it was kept while its number is not there yet.
    edges_max : int
        Changes of alerts handled in one evaluation, the worst first; the others are found again in the next.
    """

    unknown_after_s: float = 60.0
    settle_s: float = 0.0
    unknown_severity: Severity = Severity.WARNING
    edges_max: int = 2_000


@dataclass(slots=True)
class RuleState:
    """Written by evaluations only.

    Parameters
    ----------
    settings : RuleSettings
        What holds for all rules.
    owners : Owners
        Whose data are missing.
    waiting : Waiting
        Alerts from before a restart whose subjects have not shown up.
    measures, names : dict
        All that rules name; their names by scope.
    watches : dict
        Rules at work, by name.
    views, by_scope, view_of : dict
        What they look at, shared by those that look the same way; by rule.
    windows : dict
        Past columns by measure and span.
    scopes : dict
        Rows by scope.
    last_subjects, last_ns : dict, int
        Of the last source that spoke of everything.
    account_rows : dict
        Names of accounts, as far as restored alerts made somebody ask for them.
    """

    settings: RuleSettings
    owners: Owners
    waiting: Waiting
    measures: dict[str, Measure] = field(default_factory=dict[str, Measure])
    names: dict[Scope, list[str]] = field(default_factory=dict[Scope, list[str]])
    watches: dict[str, Watch] = field(default_factory=dict[str, Watch])
    views: dict[ViewKey, View] = field(default_factory=dict[ViewKey, View])
    by_scope: dict[Scope, list[View]] = field(default_factory=dict[Scope, list[View]])
    view_of: dict[str, View] = field(default_factory=dict[str, View])
    windows: dict[tuple[str, float], Window] = field(default_factory=dict[tuple[str, float], Window])
    scopes: dict[Scope, ScopeRows] = field(default_factory=dict[Scope, ScopeRows])
    last_subjects: dict[Scope, Subjects] = field(default_factory=dict[Scope, Subjects])
    last_ns: int = 0
    account_rows: dict[str, int] = field(default_factory=dict[str, int])

    def set_back(self, by_ns: int) -> None:
        """Take a step of the clock off all timers: they would rest until it has caught up, and what is pending fire late."""
        self.last_ns -= by_ns
        self.owners.set_back(by_ns)
        for view in self.views.values():
            view.held.set_back(by_ns)
            for held in view.held.entries:
                held.set_back(by_ns)
                view.held.write(held)

    def rows_of(self, scope: Scope) -> ScopeRows:
        """Return the rows of a scope, from now on remembered."""
        self.by_scope.setdefault(scope, [])
        self.names.setdefault(scope, [])
        return self.scopes.setdefault(scope, ScopeRows(scope))
