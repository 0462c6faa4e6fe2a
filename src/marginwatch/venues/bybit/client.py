"""REST calls of one Bybit account; nothing here can change it."""

from collections.abc import Callable, Sequence

import msgspec
import structlog

from marginwatch.clock import Clock
from marginwatch.errors import ConfigError, MarginwatchError
from marginwatch.model.account import AccountSpec, KeyReport
from marginwatch.model.activity import Fill, LedgerEntry, OpenOrder
from marginwatch.model.balance import AccountState
from marginwatch.model.ids import Asset
from marginwatch.model.instrument import InstrumentKind
from marginwatch.model.notice import Notice
from marginwatch.model.option_totals import OptionAsset
from marginwatch.model.position import Greeks, Position
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import (
    BorrowTier,
    ClosedPnl,
    CollateralInfo,
    FeeRate,
    OutsideBalance,
    SubMember,
    Withdrawable,
)
from marginwatch.venues.bybit import history
from marginwatch.venues.bybit.auth import Credentials
from marginwatch.venues.bybit.calls import Calls
from marginwatch.venues.bybit.capabilities import Capabilities, is_closed
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.account import (
    OUTSIDE_ENDPOINT,
    margin_mode_said,
    parse_account_info,
    parse_collateral_info,
    parse_fee_rates,
    parse_funding_balances,
    parse_withdrawable,
)
from marginwatch.venues.bybit.parse.greeks import parse_coin_greeks, parse_option_assets
from marginwatch.venues.bybit.parse.haircuts import parse_borrow_tiers
from marginwatch.venues.bybit.parse.keys import parse_key_report, parse_sub_members
from marginwatch.venues.bybit.parse.wallet import WalletPage, parse_wallet
from marginwatch.venues.bybit.rest import BybitRest, Caller
from marginwatch.venues.bybit.sweep import (
    OrderSweep,
    SweepReport,
    check_order,
    coverage_gap,
    refuse_unsupported,
    sweep_orders,
    sweep_positions,
)

SETTINGS_AGE_S = 55.0
"""Margin mode and account type seldom change: an account polled every few seconds is not asked for them each time."""

FIRST_OPTION_BASES = ("BTC",)
"""Options of one underlying cost one call each: an account that was never seen with an option is asked for the venue's
default alone."""

COINS_A_CALL = 20
SUB_MEMBERS_A_REPLY = 1000


_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class BybitClient:
    """One account's calls, each within the shared budget.

    Every method raises an error of the taxonomy, with venue, account and endpoint. Where a key may not use one of the
    endpoints beside the sweep, or a host lacks it, that is told once and remembered until the key is judged again: later
    calls raise the same error without asking, and ``closed_endpoints`` lists them.

    Parameters
    ----------
    spec : AccountSpec
        The configured account.
    rest : BybitRest
        The host.
    catalog : InstrumentCatalog
        Its contracts.
    clock : Clock
        Our time.
    on_notice : callable
        Takes what the owner should read.

    Raises
    ------
    ConfigError
        If the credentials cannot be used.
    """

    def __init__(
        self,
        spec: AccountSpec,
        rest: BybitRest,
        catalog: InstrumentCatalog,
        clock: Clock,
        on_notice: Callable[[Notice], None],
    ) -> None:
        self._spec = spec
        self._rest = rest
        self._catalog = catalog
        self._clock = clock
        self._on_notice = on_notice
        self._capabilities = Capabilities(spec.account_id, on_notice)
        self._calls = Calls(rest, Caller(spec.account_id, Credentials.of(spec)), self._capabilities)
        self._settings: AccountState | None = None
        self._settings_at_s = 0.0
        self._gap: str | None = None
        self._unknown_mode: str | None = None
        self._option_bases: tuple[str, ...] = FIRST_OPTION_BASES
        self._last_sweep: SweepReport | None = None
        self._orders_gap: str | None = None
        self._are_orders_closed = False

    @property
    def spec(self) -> AccountSpec:
        """The configured account."""
        return self._spec

    @property
    def last_sweep(self) -> SweepReport | None:
        """What the last complete sweep found; None before the first."""
        return self._last_sweep

    @property
    def closed_endpoints(self) -> dict[str, str]:
        """A sentence for each endpoint that this key may not use or this host does not have."""
        return self._capabilities.missing

    async def fetch_key_report(self) -> KeyReport:
        """Return what the key may do; whatever was closed to it is asked again from now on."""
        report, _ = await self._calls.read("/v5/user/query-api", {}, parse_key_report)
        self._capabilities.reopen()
        self._are_orders_closed = False
        return report

    async def fetch_account_info(self) -> AccountState:
        """Return margin mode and account type, without amounts.

        Raises
        ------
        ConfigError
            For a classic account, which is not supported.
        """
        (settings, said), _ = await self._calls.read(
            "/v5/account/info", {}, lambda result: (parse_account_info(result), margin_mode_said(result))
        )
        try:
            refuse_unsupported(settings.account_type)
        except ConfigError as error:
            error.venue, error.account_id = self._spec.venue, self._spec.account_id
            raise
        gap = coverage_gap(settings.account_type)
        if gap is not None and self._gap is None:
            self._on_notice(Notice("partial_coverage", self._spec.account_id, gap))
        self._gap = gap
        unknown = said if settings.margin_mode == "unknown" else None
        if unknown is not None and unknown != self._unknown_mode:
            self._on_notice(_unknown_mode(self._spec, unknown))
        self._unknown_mode = unknown
        self._settings = settings
        self._settings_at_s = self._clock.monotonic_s()
        return settings

    async def fetch_account(self, *, include_orders: bool = False) -> AccountSnapshot:
        """Return a complete sweep: all positions, all coins, totals, margin mode and account type.

        Parameters
        ----------
        include_orders : bool, default=False
            Ask for the open orders too, at four calls more. A key that may not read them is asked no more.

        Returns
        -------
        AccountSnapshot
            ``as_of_ns`` is the venue's time of the earliest reply about positions and coins. What a key, a host or the
            kind of account leaves out is said in ``not_covered``.
        """
        asked_at_ns = self._clock.now_ns()
        settings = await self._current_settings()
        swept = await sweep_positions(self._calls, self._catalog)
        wallet, wallet_at_ns = await self.fetch_wallet()
        check_order(swept.latest_ns, wallet_at_ns)
        orders = await self._orders_unless_closed() if include_orders else None
        self._remember_bases(swept.positions)
        gaps = [self._gap] if self._gap else []
        gaps += [failure.message for failure in swept.failures if failure.reason == "not_covered"]
        gaps += [self._orders_gap] if self._orders_gap else []
        if orders is not None and orders.failures:
            gaps.append(f"{len(orders.failures)} open orders could not be read: {orders.failures[0].message}")
        snapshot = AccountSnapshot(
            account_id=self._spec.account_id,
            positions=swept.positions,
            balances=wallet.balances,
            account=msgspec.structs.replace(
                wallet.account,
                margin_mode=settings.margin_mode,
                account_type=settings.account_type,
                as_of_ns=wallet_at_ns,
            ),
            open_orders=None if orders is None else orders.orders,
            as_of_ns=min(swept.as_of_ns, wallet_at_ns),
            ts_received_ns=self._clock.now_ns(),
            asked_at_ns=asked_at_ns,
            failures=(*swept.failures, *wallet.failures),
            not_covered=tuple(gaps),
        )
        self._last_sweep = SweepReport(
            rows=swept.rows,
            coins=len(wallet.balances),
            orders=None if orders is None else len(orders.orders),
            pages=swept.pages,
            as_of_ns=snapshot.as_of_ns,
            heard_ns=snapshot.ts_received_ns,
        )
        return snapshot

    async def fetch_wallet(self) -> tuple[WalletPage, int]:
        """Return totals and coins of the unified wallet, and the venue's time of the reply, UTC nanoseconds."""
        return await self._calls.read("/v5/account/wallet-balance", {"accountType": "UNIFIED"}, parse_wallet)

    async def fetch_open_orders(self) -> tuple[OpenOrder, ...]:
        """Return the open orders of all derivatives: margin tiers count positions plus orders."""
        swept = await sweep_orders(self._calls, self._catalog)
        for failure in swept.failures:
            _log.warning("open order not readable", row=failure.subject, reason=failure.message)
        return swept.orders

    async def fetch_fills_since(self, since_ns: int) -> tuple[Fill, ...]:
        """Return the executions from ``since_ns`` (the venue's clock) on, oldest first.

        One at ``since_ns`` itself is included, for several can share a millisecond; they are told apart by
        ``fill_id``. Options are asked for one underlying at a time: of BTC only, until a sweep has found an option in
        the account, then of all.
        """
        until_ns = self._rest.server_clock.now_ns()
        return await history.fetch_fills(self._calls, self._catalog, since_ns, until_ns, self._option_bases)

    async def fetch_ledger(self, since_ns: int, until_ns: int | None = None) -> tuple[LedgerEntry, ...]:
        """Return the ledger lines from ``since_ns`` to ``until_ns`` (None: now), the venue's clock, oldest first."""
        end_ns = self._rest.server_clock.now_ns() if until_ns is None else until_ns
        return await history.fetch_ledger(self._calls, since_ns, end_ns)

    async def fetch_closed_pnl(self, since_ns: int, until_ns: int | None = None) -> tuple[ClosedPnl, ...]:
        """Return the results of linear and inverse positions closed between two moments, oldest first."""
        end_ns = self._rest.server_clock.now_ns() if until_ns is None else until_ns
        return await history.fetch_closed_pnl(self._calls, since_ns, end_ns)

    async def fetch_funding_balances(self) -> tuple[OutsideBalance, ...]:
        """Return the coins of the funding wallet, which back no position."""
        page, _ = await self._calls.read(
            OUTSIDE_ENDPOINT, {"accountType": "FUND"}, parse_funding_balances, optional_as=OUTSIDE_ENDPOINT
        )
        return page.rows

    async def fetch_withdrawable(self, assets: Sequence[Asset]) -> tuple[Withdrawable, ...]:
        """Return what could be moved out of the margin account now, for each of ``assets``."""
        endpoint = "/v5/account/withdrawal"
        found: list[Withdrawable] = []
        for start in range(0, len(assets), COINS_A_CALL):
            some = assets[start : start + COINS_A_CALL]
            only = some[0] if len(some) == 1 else None
            page, _ = await self._calls.read(
                endpoint,
                {"coinName": ",".join(some)},
                lambda result, only=only: parse_withdrawable(result, only),
                optional_as=endpoint,
            )
            found += page
        return tuple(found)

    async def fetch_collateral_info(self) -> tuple[CollateralInfo, ...]:
        """Return how each coin of the account may be pledged and borrowed."""
        endpoint = "/v5/account/collateral-info"
        page, _ = await self._calls.read(endpoint, {}, parse_collateral_info, optional_as=endpoint)
        return page.rows

    async def fetch_borrow_tiers(self) -> tuple[BorrowTier, ...]:
        """Return the margin tiers of debts, all coins."""
        endpoint = "/v5/spot-margin-trade/position-tiers"
        page, _ = await self._calls.read(endpoint, {}, parse_borrow_tiers, optional_as=endpoint)
        return page.rows

    async def fetch_fee_rates(self, category: str) -> tuple[FeeRate, ...]:
        """Return the account's fees in ``linear``, ``inverse``, ``spot`` or ``option``; good for hours."""
        endpoint = "/v5/account/fee-rate"
        listing = await self._calls.read_list(
            endpoint, {"category": category}, parse_fee_rates, optional_as=endpoint
        )
        return listing.rows

    async def fetch_option_assets(self) -> tuple[OptionAsset, ...]:
        """Return the venue's totals of all options, one row a settlement coin."""
        endpoint = "/v5/account/option-asset-info"
        page, _ = await self._calls.read(endpoint, {}, parse_option_assets, optional_as=endpoint)
        return page.rows

    async def fetch_coin_greeks(self) -> tuple[tuple[Asset, Greeks], ...]:
        """Return the venue's option totals per base asset."""
        endpoint = "/v5/asset/coin-greeks"
        page, _ = await self._calls.read(endpoint, {}, parse_coin_greeks, optional_as=endpoint)
        return page.rows

    async def fetch_sub_members(self) -> tuple[SubMember, ...]:
        """Return the sub-accounts of a main account, where the key may list them."""
        endpoint = "/v5/user/query-sub-members"
        page, _ = await self._calls.read(endpoint, {}, parse_sub_members, optional_as=endpoint)
        if len(page.rows) < SUB_MEMBERS_A_REPLY:
            return page.rows
        listing = await self._calls.read_list(
            "/v5/user/submembers",
            {"pageSize": 100},
            parse_sub_members,
            optional_as="/v5/user/submembers",
            cursor_name="nextCursor",
        )
        return listing.rows

    async def _orders_unless_closed(self) -> OrderSweep | None:
        """Return the open orders; None where the key may not read them, for which no account is given up."""
        if self._are_orders_closed:
            return None
        try:
            orders = await sweep_orders(self._calls, self._catalog)
        except MarginwatchError as error:
            if not is_closed(error):
                raise
            self._are_orders_closed = True
            self._orders_gap = f"open orders cannot be read with this key here: {error.message}"
            return None
        self._orders_gap = None
        return orders

    async def _current_settings(self) -> AccountState:
        age_s = self._clock.monotonic_s() - self._settings_at_s
        if self._settings is None or age_s >= SETTINGS_AGE_S:
            return await self.fetch_account_info()
        return self._settings

    def _remember_bases(self, positions: Sequence[Position]) -> None:
        """Ask for executions of all underlyings of options from the moment the account is seen to hold an option."""
        held = {
            position.instrument.base_asset
            for position in positions
            if position.instrument.instrument_kind is InstrumentKind.OPTION
        }
        if held:
            known = dict.fromkeys((*self._option_bases, *history.OPTION_BASES))
            self._option_bases = tuple(dict.fromkeys((*known, *sorted(held))))


def _unknown_mode(spec: AccountSpec, said: str) -> Notice:
    message = (
        f"the venue calls the margin mode {said[:40]!r}, which is not known here: "
        "margins are the venue's own figures, and a missing liquidation price is not taken for none"
    )
    return Notice("unknown_margin_mode", spec.account_id, message)
