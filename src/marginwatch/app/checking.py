"""One check of every account: what its key may do and what it answers."""

from collections.abc import Callable

from marginwatch.app.connections import open_http
from marginwatch.app.settings import collect_settings, refuse_unsupported
from marginwatch.clock import Clock, SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.bybit import open_bybit_check
from marginwatch.collect.check_desk import DeskCheckup
from marginwatch.collect.check_ports import CheckPort
from marginwatch.config.settings import Config
from marginwatch.model.account import AccountSpec
from marginwatch.model.check_report import CheckReport
from marginwatch.model.notice import Notice
from marginwatch.venues.bybit.manifest import MANIFEST as BYBIT


async def check_accounts(
    config: Config, on_progress: Callable[[int, int], None] | None = None, *, clock: Clock | None = None
) -> CheckReport:
    """Return what every configured account answers and what its key may do; nothing is written down.

    Parameters
    ----------
    config : Config
        What to check; accounts whose secrets are unreadable are reported as refused.
    on_progress : callable, optional
        Hears how many accounts are done, and of how many.
    clock : Clock, optional
        Time; the system's by default.
    """
    our_clock = clock or SystemClock()
    budget = RateBudget(BYBIT, our_clock, share_of_limit=config.limits.share_of_limit)
    async with open_http() as http:

        def open_port(spec: AccountSpec, on_notice: Callable[[Notice], None]) -> CheckPort:
            refuse_unsupported(spec)
            return open_bybit_check(spec, budget, our_clock, http, on_notice)

        unusable = {one.spec.account_id: (one.spec, one.reason) for one in config.refused}
        try:
            desk = DeskCheckup(open_port, our_clock, collect_settings(config), on_progress)
            return await desk.run(config.accounts, unusable, config.warnings)
        finally:
            budget.close()
