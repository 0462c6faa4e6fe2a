"""The health record of one account: written by its session, told as frozen events.

A message costs it two stores. What the engine sees is told at every change of state and, while the account is heard,
at most every few seconds; the last reply before a silence is always told, so a socket is never judged dead too early.
"""

import structlog

from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.ids import AccountId

log = structlog.get_logger(__name__)

HEARD = (LinkState.STREAMING, LinkState.POLLING)


class Health:
    """How well one account is heard.

    Parameters
    ----------
    account_id : AccountId
        The account.
    clock : Clock
        Time.
    socket_alive_for_s : float
        Silence after which its socket counts as dead.
    """

    __slots__ = (
        "_alive_for_ns",
        "_clock",
        "_lost_at_ns",
        "_told",
        "_told_at_ns",
        "account_id",
        "data_at_ns",
        "fresh_for_ns",
        "link_state",
        "reason",
        "reason_code",
        "reconciled_at_ns",
        "replied_at_ns",
    )

    def __init__(self, account_id: AccountId, clock: Clock, socket_alive_for_s: float) -> None:
        self.account_id = account_id
        self.link_state = LinkState.STARTING
        self.replied_at_ns: int | None = None
        self.data_at_ns: int | None = None
        self.reconciled_at_ns: int | None = None
        self.fresh_for_ns = 0
        self.reason: str | None = None
        self.reason_code: str | None = None
        self._alive_for_ns = int(socket_alive_for_s * 1e9)
        self._clock = clock
        self._told: tuple[object, ...] | None = None
        self._told_at_ns = 0
        self._lost_at_ns: int | None = None

    def become(self, state: LinkState, error: MarginwatchError | None = None) -> None:
        """Change state, with the reason where it is not a good one; one log line when lost and one when back."""
        self.reason = None if error is None else str(error)
        self.reason_code = None if error is None else error.reason
        before, self.link_state = self.link_state, state
        if before is state:
            return
        now_ns = self._clock.now_ns()
        if state in HEARD:
            if self._lost_at_ns is not None:
                seconds = round((now_ns - self._lost_at_ns) / 1e9, 1)
                log.info("account back", account_id=self.account_id, state=state.value, after_s=seconds)
            self._lost_at_ns = None
        elif self._lost_at_ns is None:
            self._lost_at_ns = now_ns
            # Why an account was stopped is told to its owner, which is a line of its own.
            if state is not LinkState.STOPPED:
                log.warning("account lost", account_id=self.account_id, state=state.value, reason=self.reason)

    def take_report(self, least_ns: int) -> Connectivity | None:
        """Return what is to be told now: None if it was told, or too lately without a change of state.

        Parameters
        ----------
        least_ns : int
            Least time between two reports of the same state, nanoseconds.
        """
        now_ns = self._clock.now_ns()
        state = (self.link_state, self.reason)
        is_changed = self._told is None or state != self._told[:2]
        facts = (*state, self.fresh_for_ns, self.replied_at_ns, self.reconciled_at_ns, self.data_at_ns)
        if not is_changed and (facts == self._told or now_ns - self._told_at_ns < least_ns):
            return None
        self._told, self._told_at_ns = facts, now_ns
        return self.as_connectivity()

    def as_connectivity(self) -> Connectivity:
        """Return the record as it stands."""
        return Connectivity(
            account_id=self.account_id,
            link_state=self.link_state,
            socket_replied_at_ns=self.replied_at_ns,
            reconciled_at_ns=self.reconciled_at_ns,
            data_at_ns=self.data_at_ns,
            fresh_for_ns=self.fresh_for_ns,
            socket_alive_for_ns=self._alive_for_ns,
            reason=self.reason,
            reason_code=self.reason_code,
        )
