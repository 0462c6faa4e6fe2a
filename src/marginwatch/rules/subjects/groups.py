"""Everything, venues, desks and tags as subjects of rules."""

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.alert import Subject
from marginwatch.risk.frame import Frame
from marginwatch.rules.members import RECKONED, GroupScope, Members, groups_of, names_of
from marginwatch.rules.subjects.accounts import oldest
from marginwatch.rules.subjects.figures import percent, present, tag_list, usd


class GroupSubjects:
    """The groups of a kind, by the codes of the frame.

    Parameters
    ----------
    scope : str
        Which kind.
    frame : Frame
        The latest.
    members : Members
        Who belongs to them.
    """

    def __init__(self, scope: GroupScope, frame: Frame, members: Members) -> None:
        self._scope: GroupScope = scope
        self._frame = frame
        self._members = members

    @property
    def identities(self) -> CodeArray:
        """Shape (n_groups,), int64: the code, 0 for groups without accounts and for *none*."""
        of = groups_of(self._scope, self._frame)
        n: int = of.n_accounts.shape[0]
        codes: CodeArray = np.arange(n)
        return np.where(of.n_accounts + of.n_left_out > 0.0, codes, 0)

    def _name(self, row: int) -> str:
        return str(names_of(self._scope, self._frame)[row])

    def _accounts(self, row: int) -> CodeArray:
        accounts, groups = self._members.members(self._scope, self._frame)
        return accounts[groups == row]

    def subject(self, row: int) -> Subject:
        """Return the group of a row."""
        return Subject(scope=self._scope, name=self._name(row))

    def labels(self, row: int) -> dict[str, str]:
        """Return its name under its kind, and the tags that all of its accounts have."""
        name = self._name(row)
        if self._scope == "portfolio":
            return {}
        if self._scope == "tag":
            return {"tags": tag_list((name,))}
        return {self._scope: name} | present(tags=tag_list(self._shared_tags(row)) or None)

    def _shared_tags(self, row: int) -> tuple[str, ...]:
        accounts: list[int] = self._accounts(row).tolist()
        specs = [self._frame.book.specs[account] for account in accounts]
        tags = [spec.tags for spec in specs if spec is not None]
        shared = [tag for tag in tags[0] if all(tag in others for others in tags)] if tags else []
        return tuple(sorted(set(shared)))

    def context(self, row: int) -> dict[str, str]:
        """Return its sums."""
        of = self._members.groups(self._scope, self._frame)
        n_awaited = self._members.n_awaited(self._scope, self._frame)
        long_usd, short_usd = float(of.long_usd[row]), float(of.short_usd[row])
        n_left_out = int(of.n_left_out[row])
        return present(
            equity=usd(float(of.equity_usd[row])),
            gross=usd(long_usd + short_usd),
            net=usd(long_usd - short_usd),
            pnl=usd(float(of.pnl_usd[row])),
            free=usd(float(of.free_usd[row])),
            hedge_ratio=percent(float(of.hedge_ratio[row])),
            accounts=str(int(of.n_accounts[row])),
            not_included=f"{n_left_out} accounts" if n_left_out else None,
            unheard=f"{n_awaited[row]} accounts" if n_awaited is not None and n_awaited[row] else None,
        )

    def data_age_s(self, row: int) -> float | None:
        """Return the age of the oldest data of its accounts in the sums."""
        rows = self._accounts(row)
        return oldest(self._frame, rows[RECKONED[self._frame.inclusion[rows]]])
