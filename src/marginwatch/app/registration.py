"""Configured accounts in the book: those that are watched, and those that cannot be, with the reason."""

from collections.abc import Callable, Mapping

from marginwatch.book.position_book import PositionBook
from marginwatch.config.settings import Config, RefusedAccount
from marginwatch.errors import ConfigError
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import AccountRemoved, ConnectivityUpdate, EventSink
from marginwatch.model.ids import AccountId
from marginwatch.model.notice import Notice


class Registration:
    """Takes accounts into the book.

    Parameters
    ----------
    book : PositionBook
        Where they are registered.
    sink : EventSink
        Hears that an account is gone, or stopped.
    on_notice : callable
        Hears why an account is refused.
    """

    def __init__(self, book: PositionBook, sink: EventSink, on_notice: Callable[[Notice], None]) -> None:
        self._book = book
        self._sink = sink
        self._on_notice = on_notice

    def register(self, config: Config, known_reasons: Mapping[AccountId, str]) -> None:
        """Take in all accounts of a configuration; of refused ones the reason is told unless it is known."""
        for spec in config.accounts:
            entry = self._book.entry(spec.account_id)
            if spec.is_enabled and (entry is None or entry.spec.venue == spec.venue):
                self._book.register(spec)
        for refused in config.refused:
            account_id = refused.spec.account_id
            self._show_refused(refused)
            if known_reasons.get(account_id) != refused.reason:
                self._on_notice(Notice("account_refused", account_id, refused.reason))

    def make_room_again(self, config: Config, account_id: AccountId) -> None:
        """Take in an account that a session gave up because it is at another venue now, or refused."""
        for spec in config.accounts:
            if spec.account_id == account_id and spec.is_enabled:
                self._book.register(spec)
        for refused in config.refused:
            if refused.spec.account_id == account_id:
                self._show_refused(refused)

    def _show_refused(self, refused: RefusedAccount) -> None:
        account_id = refused.spec.account_id
        entry = self._book.entry(account_id)
        if entry is not None and entry.spec.venue != refused.spec.venue:
            self._sink(AccountRemoved(account_id))
        self._book.register(refused.spec)
        self._sink(ConnectivityUpdate(_stopped(account_id, refused.reason)))


def configured(config: Config) -> list[AccountId]:
    """Return the accounts that ``config`` wants to see, refused ones among them."""
    return [
        *(spec.account_id for spec in config.accounts if spec.is_enabled),
        *(refused.spec.account_id for refused in config.refused),
    ]


def _stopped(account_id: AccountId, reason: str) -> Connectivity:
    return Connectivity(
        account_id=account_id, link_state=LinkState.STOPPED, reason=reason, reason_code=ConfigError.reason
    )
