"""What the configuration says, in the words of the parts; which exchanges can be watched."""

import msgspec

from marginwatch.collect.settings import CollectSettings
from marginwatch.config.settings import Config
from marginwatch.engine.heavy_settings import HeavySettings
from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec
from marginwatch.risk.settings import RiskSettings
from marginwatch.venues.bybit.manifest import MANIFEST as BYBIT


def risk_settings(config: Config) -> RiskSettings:
    """Return the limits of age that ``config`` sets."""
    return RiskSettings(
        price_stale_after_s=config.prices.mark_stale_s, price_unknown_after_s=config.prices.mark_unknown_s
    )


def heavy_settings(config: Config) -> HeavySettings:
    """Return how often ``config`` wants heavy measures reckoned."""
    return HeavySettings(**msgspec.structs.asdict(config.risk))


def collect_settings(config: Config) -> CollectSettings:
    """Return the intervals and bounds of collecting that ``config`` sets."""
    table = msgspec.structs.asdict(config.collect)
    return CollectSettings(share_of_limit=config.limits.share_of_limit, **table)


def refuse_unsupported(spec: AccountSpec) -> None:
    """Raise for an exchange that this version cannot speak to.

    Raises
    ------
    ConfigError
        Naming those it can.
    """
    if spec.exchange != BYBIT.exchange:
        raise ConfigError(
            f"venue {spec.exchange!r} is not supported yet; supported is bybit", account_id=spec.account_id
        )
