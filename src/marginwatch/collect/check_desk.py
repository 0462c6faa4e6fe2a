"""Checks a whole desk: all venues side by side, then what can only be seen across accounts."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from marginwatch.clock import Clock
from marginwatch.collect.check_findings import name_unmonitored, refuse_duplicates
from marginwatch.collect.check_ports import CheckPort
from marginwatch.collect.checkup import VenueCheckup, disabled, refused
from marginwatch.collect.settings import CollectSettings
from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec
from marginwatch.model.check_report import AccountCheck, CheckReport
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.venue_facts import SubMember

OpenPort = Callable[[AccountSpec, Callable[[Notice], None]], CheckPort]
"""Makes the port of an account's venue, once for each venue; what concerns the venue itself is told as notices."""


class DeskCheckup:
    """The check of every configured account.

    Parameters
    ----------
    open_port : callable
        Makes a venue's port; a ConfigError refuses the account that asked for it.
    clock : Clock
        Our time.
    settings : CollectSettings
        Configured intervals, and how many accounts are asked at once.
    on_progress : callable, optional
        Hears how many accounts are done, and of how many.
    """

    def __init__(
        self,
        open_port: OpenPort,
        clock: Clock,
        settings: CollectSettings,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._open_port = open_port
        self._clock = clock
        self._settings = settings
        self._on_progress = on_progress
        self._checks: dict[AccountId, AccountCheck] = {}
        self._members: dict[AccountId, tuple[SubMember, ...]] = {}
        self._n_accounts = 0

    async def run(
        self,
        specs: Sequence[AccountSpec],
        unusable: Mapping[AccountId, tuple[AccountSpec, str]] | None = None,
        warnings: Sequence[str] = (),
    ) -> CheckReport:
        """Check all accounts, venues side by side and accounts within the budget of their venue.

        Parameters
        ----------
        specs : sequence of AccountSpec
            In the order of the configuration; disabled ones are listed, not asked.
        unusable : mapping of AccountId to (AccountSpec, str), optional
            Accounts whose configuration cannot be used, and why; listed as refused.
        warnings : sequence of str
            About the configuration.
        """
        unusable = unusable or {}
        self._n_accounts = len(specs) + len(unusable)
        for spec, reason in unusable.values():
            self._take(refused(spec, reason))
        checkups = self._checkups(specs)
        await asyncio.gather(*(checkup.run(self._take) for checkup in checkups))
        everybody = [*specs, *(spec for spec, _ in unusable.values())]
        found = refuse_duplicates([self._checks[spec.account_id] for spec in everybody])
        found = name_unmonitored(found, self._members, everybody)
        settings = self._settings
        return CheckReport(
            accounts=tuple(found),
            venues=tuple(one.report(settings.poll_s, settings.reconcile_s) for one in checkups),
            ok=all(check.is_fine for check in found),
            warnings=tuple(warnings),
            taken_at_ns=self._clock.now_ns(),
        )

    def _checkups(self, specs: Sequence[AccountSpec]) -> list[VenueCheckup]:
        by_venue: dict[VenueId, list[AccountSpec]] = {}
        for spec in specs:
            if spec.is_enabled:
                by_venue.setdefault(spec.venue, []).append(spec)
            else:
                self._take(disabled(spec))
        checkups: list[VenueCheckup] = []
        for some in by_venue.values():
            told: list[Notice] = []
            try:
                port = self._open_port(some[0], told.append)
            except ConfigError as error:
                for spec in some:
                    self._take(refused(spec, error.message))
                continue
            checkups.append(
                VenueCheckup(port, some, self._clock, told, accounts_at_once=self._settings.sweeps_at_once)
            )
        return checkups

    def _take(self, check: AccountCheck, members: tuple[SubMember, ...] = ()) -> None:
        self._checks[check.account_id] = check
        if members:
            self._members[check.account_id] = members
        if self._on_progress is not None:
            self._on_progress(len(self._checks), self._n_accounts)
