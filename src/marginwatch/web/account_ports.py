"""What the route of one account reads beside frames and stored history; the service fits its sessions to it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from marginwatch.book.table import CodeArray
from marginwatch.model.connectivity import Connectivity
from marginwatch.model.ids import AccountId
from marginwatch.model.risk_history import ModelErrorSample
from marginwatch.web.ports import BreakRecord


class SessionStatus(Protocol):
    """How the session of one account does; ``collect.statuses.AccountStatus`` is one and says what each means."""

    @property
    def account_id(self) -> AccountId:
        """Whose."""
        ...

    @property
    def connectivity(self) -> Connectivity:
        """Its health."""
        ...

    @property
    def uid(self) -> str | None:
        """The venue's number of the account."""
        ...

    @property
    def poll_s(self) -> float:
        """Seconds between two snapshots without a socket, as the budget can keep."""
        ...

    @property
    def reconcile_s(self) -> float:
        """Seconds between two snapshots beside a socket."""
        ...

    @property
    def is_waiting_for_socket(self) -> bool:
        """Whether it stands in the connection queue."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the key check."""
        ...

    @property
    def n_connects(self) -> int:
        """Sockets opened since the session started."""
        ...

    @property
    def n_messages(self) -> int:
        """Messages since the session started."""
        ...

    @property
    def n_malformed(self) -> int:
        """Messages that did not decode."""
        ...

    @property
    def n_resyncs(self) -> int:
        """Snapshots taken because messages may be missing."""
        ...

    @property
    def key_expires_at_ns(self) -> int | None:
        """When its key ends, UTC nanoseconds."""
        ...

    @property
    def is_key_unsafe(self) -> bool:
        """Whether its key can do more than read."""
        ...


class KeyChecks(NamedTuple):
    """What is known of keys: accounts whose key can do more than read, and those whose key was not checked yet."""

    unsafe: tuple[AccountId, ...] = ()
    unchecked: tuple[AccountId, ...] = ()


class AccountModel(Protocol):
    """What is known of accounts beside the frame."""

    def keys(self) -> KeyChecks:
        """Return what the checks of all keys found, some seconds old at most."""
        ...

    def status_of(self, account_id: AccountId) -> SessionStatus | None:
        """Return how its session does; None if it has none: refused, or the picture is no live one."""
        ...

    def coin_heard_ns(self) -> CodeArray:
        """Return when the USD price of each coin was heard, by row of the book's asset table; 0 for never."""
        ...

    async def model_errors(
        self, account_id: AccountId, figure: str, limit: int
    ) -> Sequence[ModelErrorSample]:
        """Return the newest samples of ``maintenance_margin`` or ``adjusted_equity``, oldest first."""
        ...

    async def breaks(self, account_id: AccountId, limit: int) -> Sequence[BreakRecord]:
        """Return the newest differences found by reconciliation, newest first."""
        ...
