"""The key of one account: judged before anything is read with it, and again while it is used.

Rights are changed at the exchange without a word to us, so a key that was safe at the start need not be so later.
"""

from marginwatch.collect.services import Services, VenueServices
from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec, KeyReport
from marginwatch.model.notice import Notice
from marginwatch.venues.base import VenueClient

DAY_S = 86_400.0
"""An expiry that comes nearer is told again after so long."""

SPREAD = 0.5
"""Part of the interval by which a check comes earlier at random: many accounts that start together drift apart."""


class KeyWatch:
    """Judges the key of one account.

    Parameters
    ----------
    spec : AccountSpec
        The account.
    venue, services
        Shared collaborators.
    """

    __slots__ = ("_due_s", "_expiry_told_s", "_services", "_spec", "_venue", "report", "uid", "warnings")

    def __init__(self, spec: AccountSpec, venue: VenueServices, services: Services) -> None:
        self._spec = spec
        self._venue = venue
        self._services = services
        self._due_s = 0.0
        self._expiry_told_s: float | None = None
        self.uid: str | None = None
        """The venue's number of the account; None before the first answer."""
        self.warnings: tuple[str, ...] = ()
        """What the owner should mend in time."""
        self.report: KeyReport | None = None
        """What the venue said of the key the last time; None before the first answer."""

    def is_due(self) -> bool:
        """Return whether it is time to judge the key again."""
        return self._services.clock.monotonic_s() >= self._due_s

    async def check(self, client: VenueClient) -> None:
        """Ask what the key may do, and tell what its owner should mend.

        Raises
        ------
        ConfigError
            If the account must not be followed with this key, with the remedy.
        MarginwatchError
            If there is no answer; it is asked for again after the usual time.
        """
        services = self._services
        interval_s = services.settings.key_check_s * (1.0 - SPREAD * services.chance.random())
        self._due_s = services.clock.monotonic_s() + interval_s
        async with services.sweep_places:
            report = await client.fetch_key_report()
        self.report = report
        verdict = self._venue.port.judge_key(report, self._spec, services.clock.now_ns())
        if verdict.refusal is not None:
            raise self._refusal(verdict.refusal, "key_refused")
        self._claim(report.uid)
        self.uid = report.uid
        self._tell(verdict.warnings, verdict.expiry_warning)

    def _tell(self, warnings: tuple[str, ...], expiry_warning: str | None) -> None:
        for warning in warnings:
            if self._is_new(warning, is_expiry=warning == expiry_warning):
                self._services.on_notice(Notice("key_warning", self._spec.account_id, warning))
        self.warnings = warnings

    def _is_new(self, warning: str, *, is_expiry: bool) -> bool:
        if not is_expiry:
            return warning not in self.warnings
        # Its words change by the hour.
        now_s = self._services.clock.monotonic_s()
        if self._expiry_told_s is not None and now_s - self._expiry_told_s < DAY_S:
            return False
        self._expiry_told_s = now_s
        return True

    def _claim(self, uid: str) -> None:
        refused_for, evicted = self._services.uids.claim(self._spec.venue, uid, self._spec.account_id)
        if refused_for is not None:
            raise self._refusal(
                f"its key belongs to account number {uid}, which {refused_for!r} watches already: "
                "remove one of the two, or give this one the key of its own account",
                "duplicate_uid",
            )
        if evicted is not None:
            self._services.evict(evicted, self._spec.account_id)

    def _refusal(self, message: str, reason: str) -> ConfigError:
        return ConfigError(message, venue=self._spec.venue, account_id=self._spec.account_id, reason=reason)
