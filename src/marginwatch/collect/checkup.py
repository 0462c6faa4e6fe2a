"""Asks every account once, within the shared budget, and reports what each may do and what is in it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from marginwatch.clock import Clock
from marginwatch.collect.check_findings import explain_rows, reason_of, status_of, with_warnings
from marginwatch.collect.check_ports import CheckClient, CheckPort
from marginwatch.collect.planning import plan_intervals
from marginwatch.errors import ConfigError, ConnectivityError, MarginwatchError
from marginwatch.model.account import AccountSpec
from marginwatch.model.check_report import AccountCheck, CheckedCoin, ClosedEndpoint, VenueCheck
from marginwatch.model.notice import Notice
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import Maintenance, SubMember

ENDED_MAINTENANCE = ("completed", "canceled")

T = TypeVar("T")


class AccountCheckup:
    """The check of one account, filled in as far as its venue answers.

    Parameters
    ----------
    port : CheckPort
        Its venue.
    spec : AccountSpec
        The account.
    clock : Clock
        Our time.
    """

    def __init__(self, port: CheckPort, spec: AccountSpec, clock: Clock) -> None:
        self.members: tuple[SubMember, ...] = ()
        self._port = port
        self._spec = spec
        self._clock = clock
        self._warnings: list[str] = []
        self._found = AccountCheck(account_id=spec.account_id, venue=spec.venue, desk=spec.desk)

    async def run(self) -> AccountCheck:
        """Return what was found; an error ends this account's check and is part of the result."""
        client: CheckClient | None = None
        try:
            client = self._port.rest.client(self._spec)
            await self._read_key(client)
            await self._read_account(client)
            await self._read_beside(client)
        except MarginwatchError as error:
            self._note(
                status=status_of(error),
                reason=reason_of(error, self._spec, self._port.grant_for(error.endpoint or "")),
                reason_code=error.reason,
                code=None if error.code is None else str(error.code),
            )
        if client is not None:
            self._note(closed=tuple(self._closed(client)))
        return with_warnings(self._found, self._warnings)

    async def _read_key(self, client: CheckClient) -> None:
        report = await client.fetch_key_report()
        self._note(uid=report.uid, key=report)
        verdict = self._port.judge_key(report, self._spec, self._clock.now_ns())
        self._warnings += verdict.warnings
        if verdict.refusal is not None:
            raise ConfigError(verdict.refusal, reason="key_refused")

    async def _read_account(self, client: CheckClient) -> None:
        snapshot = await client.fetch_account(include_orders=True)
        swept = client.last_sweep
        state, orders = snapshot.account, snapshot.open_orders
        self._note(
            account_type=state.account_type,
            margin_mode=state.margin_mode,
            equity=state.equity,
            maintenance_margin=state.maintenance_margin,
            rows=None if swept is None else dict(swept.rows),
            coins=tuple(CheckedCoin(one.asset, one.wallet_balance, one.equity) for one in snapshot.balances),
            open_orders=None if orders is None else len(orders),
        )
        warnings, notes = explain_rows(self._found, snapshot.balances)
        self._warnings += [*snapshot.not_covered, *warnings, *_unreadable(snapshot)]
        self._note(notes=notes)

    async def _read_beside(self, client: CheckClient) -> None:
        """Read what a minimal key may not, without which the account is watched all the same."""
        funding = await self._optional("the funding wallet", client.fetch_funding_balances())
        self._note(funding_wallet=funding)
        assets = [one.asset for one in self._found.coins or () if _has_some(one)]
        if assets:
            self._note(
                withdrawable=await self._optional("what can be withdrawn", client.fetch_withdrawable(assets))
            )
        if self._found.key is not None and self._found.key.is_master:
            self.members = await self._optional("the sub-accounts", client.fetch_sub_members()) or ()

    async def _optional(self, what: str, reading: Awaitable[T]) -> T | None:
        try:
            return await reading
        except MarginwatchError as error:
            if error.reason not in ("permission", "not_offered"):
                self._warnings.append(f"{what} could not be read: {error.message}")
            return None

    def _closed(self, client: CheckClient) -> list[ClosedEndpoint]:
        return [
            ClosedEndpoint(endpoint, message, self._port.grant_for(endpoint))
            for endpoint, message in client.closed_endpoints.items()
        ]

    def _note(self, **fields: object) -> None:
        self._found = msgspec.structs.replace(self._found, **fields)


class VenueCheckup:
    """The check of one host and of all its accounts.

    Parameters
    ----------
    port : CheckPort
        The venue.
    specs : sequence of AccountSpec
        Its enabled accounts.
    clock : Clock
        Our time.
    told : list of Notice
        Fills with what ``port`` tells while it works; what it says of the host itself becomes a warning.
    accounts_at_once : int, default=64
        Accounts being asked at the same time; the budget holds back what does not fit.
    """

    def __init__(
        self,
        port: CheckPort,
        specs: Sequence[AccountSpec],
        clock: Clock,
        told: list[Notice],
        *,
        accounts_at_once: int = 64,
    ) -> None:
        self._port = port
        self._told = told
        self._warnings: list[str] = []
        self._specs = specs
        self._clock = clock
        self._places = asyncio.Semaphore(accounts_at_once)
        self._error: MarginwatchError | None = None
        self._maintenance: tuple[Maintenance, ...] = ()

    async def run(self, on_checked: Callable[[AccountCheck, tuple[SubMember, ...]], None]) -> None:
        """Check the host, then its accounts side by side; each is told as soon as it is done.

        A host that does not answer fails all its accounts at once, for asking each would take as long as they are many.
        """
        try:
            await self._port.rest.sync_clock()
        except MarginwatchError as error:
            self._error = error
            for spec in self._specs:
                on_checked(_failed(spec, error), ())
            return
        try:
            found = await self._port.rest.fetch_system_status()
            self._maintenance = tuple(one for one in found if one.state not in ENDED_MAINTENANCE)
        except MarginwatchError as error:
            self._warnings.append(f"announced maintenance could not be read: {error.message}")
        await asyncio.gather(*(self._check(spec, on_checked) for spec in self._specs))

    async def _check(
        self, spec: AccountSpec, on_checked: Callable[[AccountCheck, tuple[SubMember, ...]], None]
    ) -> None:
        async with self._places:
            checkup = AccountCheckup(self._port, spec, self._clock)
            on_checked(await checkup.run(), checkup.members)

    def report(self, poll_s: float, reconcile_s: float) -> VenueCheck:
        """Return what was found of the host itself.

        Parameters
        ----------
        poll_s, reconcile_s : float
            As configured, seconds; the planned ones may be longer for so many accounts.
        """
        port, budget, n_accounts = self._port, self._port.budget.state(), len(self._specs)
        per_sweep_s = port.calls_per_sweep * port.budget.seconds_per_call()
        sample = port.rest.clock_offset.best
        return VenueCheck(
            venue=port.venue,
            host=port.endpoints.rest,
            n_accounts=n_accounts,
            is_reachable=not isinstance(self._error, ConnectivityError),
            error=None if self._error is None else self._error.message,
            clock_offset_ms=None if sample is None else sample.offset_ns / 1e6,
            latency_ms=None if sample is None else sample.latency_ns / 1e6,
            share_of_limit=budget.share_of_limit,
            calls_used=budget.used,
            calls_allowed=budget.allowed,
            window_s=budget.window_s,
            calls=budget.calls,
            poll_s=plan_intervals(0, n_accounts, per_sweep_s, poll_s, reconcile_s).poll_s,
            reconcile_s=plan_intervals(n_accounts, 0, per_sweep_s, poll_s, reconcile_s).reconcile_s,
            maintenance=self._maintenance,
            warnings=tuple(dict.fromkeys((*self._warnings, *self._told_of_host()))),
        )

    def _told_of_host(self) -> list[str]:
        # What was told of one account stands in its own check, and a closed endpoint among its closed ones.
        return [one.message for one in self._told if one.account_id is None and one.kind != "endpoint_closed"]


def refused(spec: AccountSpec, reason: str, reason_code: str = "config") -> AccountCheck:
    """Return the check of an account that cannot be asked as it is configured."""
    return AccountCheck(
        account_id=spec.account_id,
        venue=spec.venue,
        desk=spec.desk,
        status="refused",
        reason=reason,
        reason_code=reason_code,
    )


def disabled(spec: AccountSpec) -> AccountCheck:
    """Return the check of an account that is switched off and therefore not asked."""
    return AccountCheck(account_id=spec.account_id, venue=spec.venue, desk=spec.desk, status="disabled")


def _failed(spec: AccountSpec, error: MarginwatchError) -> AccountCheck:
    return AccountCheck(
        account_id=spec.account_id,
        venue=spec.venue,
        desk=spec.desk,
        status="failed",
        reason=f"its host {spec.endpoints.rest} could not be asked: {error.message}",
        reason_code=error.reason,
    )


def _unreadable(snapshot: AccountSnapshot) -> list[str]:
    failed = [one for one in snapshot.failures if one.reason != "not_covered"]
    if not failed:
        return []
    return [f"{len(failed)} rows could not be read: {failed[0].subject}: {failed[0].message}"]


def _has_some(coin: CheckedCoin) -> bool:
    return bool(coin.wallet_balance and coin.wallet_balance.strip("-0."))
