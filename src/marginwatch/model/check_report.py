"""What ``check`` found out: one record an account and one a venue, holding no secret."""

from typing import Literal

import msgspec

from marginwatch.model.account import KeyReport
from marginwatch.model.ids import AccountId, Asset, DecimalText, VenueId
from marginwatch.model.position import MarginMode
from marginwatch.model.venue_facts import Maintenance, OutsideBalance, Withdrawable

CheckStatus = Literal["ok", "warning", "refused", "failed", "disabled"]
"""``refused``: its owner must mend something; ``failed``: it could not be read, which may pass by itself."""


class CheckedCoin(msgspec.Struct, frozen=True):
    """A coin of the margin wallet: its cash and its equity, in the coin; None where not sent."""

    asset: Asset
    wallet_balance: DecimalText | None
    equity: DecimalText | None


class ClosedEndpoint(msgspec.Struct, frozen=True):
    """A call that this key may not make or this host does not have, and what to grant if it is wanted."""

    endpoint: str
    message: str
    grant: str | None = None


class AccountCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One account as far as it could be read; None is not known, never 0.

    Parameters
    ----------
    account_id, venue, desk
        As configured.
    status : {'ok', 'warning', 'refused', 'failed', 'disabled'}
        The outcome.
    reason : str or None
        Why it is refused or failed, in a sentence with the remedy.
    reason_code, code : str or None
        Label of the error taxonomy (``duplicate_uid``, ``signature``, …); the venue's own code.
    uid, account_type, margin_mode : str or None
        As the venue says.
    rows : dict of str to int or None
        Open positions per category and settlement coin; a value of None: closed to this key. None before a sweep.
    coins : tuple of CheckedCoin or None
        Of the margin wallet.
    open_orders : int or None
        Of the derivatives.
    equity, maintenance_margin : str or None
        The venue's totals, USD.
    funding_wallet, withdrawable : tuple or None
        Coins outside the margin account; what could leave the margin account now. None where not told.
    key : KeyReport or None
        What the key may do.
    closed : tuple of ClosedEndpoint
        What the key may not read.
    unmonitored : tuple of str
        Sub-accounts that no configured key belongs to, as ``uid (name)``.
    warnings, notes : tuple of str
        What should be mended; what explains the figures.
    """

    account_id: AccountId
    venue: VenueId
    desk: str | None = None
    status: CheckStatus = "ok"
    reason: str | None = None
    reason_code: str | None = None
    code: str | None = None
    uid: str | None = None
    account_type: str | None = None
    margin_mode: MarginMode | None = None
    rows: dict[str, int | None] | None = None
    coins: tuple[CheckedCoin, ...] | None = None
    open_orders: int | None = None
    equity: DecimalText | None = None
    maintenance_margin: DecimalText | None = None
    funding_wallet: tuple[OutsideBalance, ...] | None = None
    withdrawable: tuple[Withdrawable, ...] | None = None
    key: KeyReport | None = None
    closed: tuple[ClosedEndpoint, ...] = ()
    unmonitored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether it is watched, or meant not to be."""
        return self.status in ("ok", "warning", "disabled")


class VenueCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One venue: host, clock, budget and what it announces.

    Parameters
    ----------
    venue, host
        Which, and its REST address.
    n_accounts : int
        Enabled accounts configured for it.
    is_reachable : bool
        False where nothing answered at all.
    error : str or None
        What went wrong with the host itself.
    clock_offset_ms, latency_ms : float or None
        How far the venue's clock is ahead of ours; round trip of the measurement.
    share_of_limit : float
        Part of every limit of the venue that we use.
    calls_used, calls_allowed, window_s
        Slots of the address's budget in use when the check ended, out of how many, over how many seconds.
    calls : int
        Calls that the check took.
    poll_s, reconcile_s : float
        Planned seconds between snapshots of one of so many accounts: all without a socket, and all with one.
    maintenance : tuple of Maintenance
        Interruptions announced or under way.
    warnings : tuple of str
        What should be mended.
    """

    venue: VenueId
    host: str
    n_accounts: int
    is_reachable: bool
    share_of_limit: float
    calls_used: int
    calls_allowed: int
    window_s: float
    calls: int
    poll_s: float
    reconcile_s: float
    error: str | None = None
    clock_offset_ms: float | None = None
    latency_ms: float | None = None
    maintenance: tuple[Maintenance, ...] = ()
    warnings: tuple[str, ...] = ()


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was checked, accounts in the order of the configuration.

    Parameters
    ----------
    accounts, venues
        What was found.
    ok : bool
        No account was refused or failed; warnings alone do not count.
    warnings : tuple of str
        About the configuration itself.
    taken_at_ns : int
        When it ended, UTC nanoseconds.
    """

    accounts: tuple[AccountCheck, ...]
    venues: tuple[VenueCheck, ...]
    ok: bool
    warnings: tuple[str, ...] = ()
    taken_at_ns: int = 0

    @property
    def is_deaf(self) -> bool:
        """Whether there are venues and none of them could be reached."""
        return bool(self.venues) and not any(venue.is_reachable for venue in self.venues)
