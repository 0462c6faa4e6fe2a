"""Wires the Bybit parts into a port."""

from collections.abc import Callable

import aiohttp

from marginwatch.clock import Clock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.check_ports import CheckPort
from marginwatch.collect.ports import VenuePort
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import VenueId
from marginwatch.model.notice import Notice
from marginwatch.venues.bybit.adapter import BybitVenue
from marginwatch.venues.bybit.key_check import grant_for, judge_key
from marginwatch.venues.bybit.manifest import MANIFEST, STANDARD_FEES
from marginwatch.venues.bybit.stream import BybitStream

CALLS_PER_SWEEP = 9.0
"""Four position sweeps, of which the two linear ones take a page more, for a cursor comes with the last page too; the
wallet; margin mode and account type about every minute; five calls or more for the open orders every five minutes. Less
would plan more than the budget holds, and whoever goes live would queue behind reconciliations."""


def bybit_port(adapter: BybitVenue, endpoints: Endpoints, budget: RateBudget) -> VenuePort:
    """Return Bybit's port for collect.

    Parameters
    ----------
    adapter : BybitVenue
        REST calls and catalog.
    endpoints : Endpoints
        Its hosts.
    budget : RateBudget
        The budget that ``adapter`` passes; it says what can be planned.
    """
    return VenuePort(
        venue=adapter.venue,
        endpoints=endpoints,
        rest=adapter,
        stream=BybitStream(adapter.catalog),
        connect_limit=MANIFEST.connect_limit,
        calls_per_sweep=CALLS_PER_SWEEP,
        seconds_per_call=budget.seconds_per_call,
        judge_key=judge_key,
        facts=adapter,
        closes=adapter,
        tiered_categories=("linear", "inverse"),
        standard_fees=STANDARD_FEES,
    )


def open_bybit(
    venue: VenueId, endpoints: Endpoints, budget: RateBudget, clock: Clock, http: aiohttp.ClientSession
) -> VenuePort:
    """Return the port of one Bybit environment; parameters as for :class:`BybitVenue` and :func:`bybit_port`."""
    return bybit_port(BybitVenue(venue, endpoints, budget, clock, http), endpoints, budget)


def open_bybit_check(
    spec: AccountSpec,
    budget: RateBudget,
    clock: Clock,
    http: aiohttp.ClientSession,
    on_notice: Callable[[Notice], None],
) -> CheckPort:
    """Return the port for a check of the Bybit environment that ``spec`` belongs to."""
    return CheckPort(
        venue=spec.venue,
        endpoints=spec.endpoints,
        rest=BybitVenue(spec.venue, spec.endpoints, budget, clock, http, on_notice=on_notice),
        budget=budget,
        calls_per_sweep=CALLS_PER_SWEEP,
        judge_key=judge_key,
        grant_for=grant_for,
    )
