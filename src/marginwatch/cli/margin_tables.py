"""The columns of the tables of margins, distances and ladders."""

from marginwatch.cli.output import Column
from marginwatch.risk.heavy_rows import DistanceBasis
from marginwatch.risk.table_rows import AccountRow
from marginwatch.terminal.account_words import level_words
from marginwatch.terminal.figures import (
    MISSING,
    age,
    distance,
    grouped,
    margin_usage,
    or_missing,
    percent,
    price,
)
from marginwatch.web.risk_replies import MarginReply

RUNGS_SHOWN_MAX = 15
BAR_CELLS = 20
EIGHTHS = " ▏▎▍▌▋▊▉█"
BAR_AT = 0.5
"""A move of so much fills the bar."""

REASONS_SHOWN_MAX = 10


def move(value: float | None, reason: str | None = None) -> str:
    """Return a signed move in per cent; ``none`` where nothing liquidates."""
    if value is None:
        return "none" if reason == "none_in_range" else MISSING
    sign = "+" if value > 0.0 else ""
    return f"{sign}{percent(value)}"


def bar(size: float) -> str:
    """Return a bar as long as a distance is short: full at 0, empty from 50 % on."""
    eighths = round(max(0.0, 1.0 - abs(size) / BAR_AT) * BAR_CELLS * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def _far(field: str) -> Column:
    title = {
        "liquidation_distance": "to liq.",
        "liquidation_distance_down": "BTC falls",
        "liquidation_distance_up": "BTC rises",
        "cautious_liquidation_distance": "cautious",
        "no_new_risk_distance": "no new risk",
    }[field]
    rank = {"liquidation_distance": 0, "cautious_liquidation_distance": 2, "no_new_risk_distance": 4}.get(
        field, 3
    )
    return Column(title, lambda row: distance(getattr(row, field), row.reasons.get(field)), rank=rank)


def ours_and_theirs(title: str, ours: str, theirs: str, rank: int) -> tuple[Column, Column]:
    """Return the column of our figure and that of the venue's."""
    return (
        Column(f"{title} USD", lambda row: grouped(getattr(row, ours))),
        Column("venue", lambda row: grouped(getattr(row, theirs)), rank=rank),
    )


def coin_words(row: AccountRow) -> str:
    """Return which coin alone is nearest to liquidate an account, how far it is and at which price."""
    if row.nearest_coin is None or row.nearest_coin_distance is None:
        return "none" if row.reasons.get("nearest_coin_distance") == "none_in_range" else MISSING
    return f"{row.nearest_coin} {percent(row.nearest_coin_distance)} at {price(row.nearest_coin_price)}"


def short_contract(name: str | None) -> str:
    """Return a contract's symbol."""
    return MISSING if name is None else name.rsplit(":", 1)[-1]


MARGIN_COLUMNS = (
    Column("account", lambda row: row.account_id, is_number=False),
    Column("mode", lambda row: or_missing(row.margin_mode), is_number=False, rank=5),
    Column("MM usage", lambda row: margin_usage(row.maintenance_margin_usage)),
    Column("IM usage", lambda row: margin_usage(row.initial_margin_usage), rank=2),
    *ours_and_theirs("adj. equity", "adjusted_equity_usd", "venue_adjusted_equity_usd", 7),
    *ours_and_theirs("IM", "initial_margin_usd", "venue_initial_margin_usd", 8),
    *ours_and_theirs("MM", "maintenance_margin_usd", "venue_maintenance_margin_usd", 6),
    Column("free USD", lambda row: grouped(row.free_usd), rank=4),
    Column(
        "leverage",
        lambda row: MISSING if row.effective_leverage is None else f"{row.effective_leverage:.1f} ×",
        rank=9,
    ),
    Column("error", lambda row: percent(row.model_error, 2), rank=1),
    Column("venue's age", lambda row: age(row.margin_age_s), rank=10),
)
"""Ours and, beside it, the venue's own figure; ``error`` is what ours of the maintenance margin differed when it was stated."""

DISTANCE_COLUMNS = (
    Column("account", lambda row: row.account_id, is_number=False),
    Column("risk", level_words, is_number=False, rank=2),
    _far("liquidation_distance"),
    _far("cautious_liquidation_distance"),
    _far("liquidation_distance_down"),
    _far("liquidation_distance_up"),
    Column(
        "σ a day",
        lambda row: (
            MISSING if row.liquidation_distance_sigmas is None else f"{row.liquidation_distance_sigmas:.1f}"
        ),
        rank=1,
    ),
    Column("BTC at", lambda row: grouped(row.liquidation_btc_price), rank=1),
    Column("in 24 h", lambda row: percent(row.liquidation_probability_24h), rank=7),
    Column("one coin alone", coin_words, is_number=False, rank=6),
    _far("no_new_risk_distance"),
    Column("worst position", lambda row: short_contract(row.worst_position), is_number=False, rank=5),
    Column(
        "first",
        lambda row: or_missing((row.first_forced_action or "").replace("_", " ")),
        is_number=False,
        rank=8,
    ),
    Column(
        "by venue",
        lambda row: distance(row.venue_liquidation_distance, row.reasons.get("venue_liquidation_distance")),
        rank=9,
    ),
)

LADDER_COLUMNS = (
    Column("", lambda row: str(row.rank)),
    Column("account", lambda row: row.account_id, is_number=False),
    Column("BTC moves", lambda row: "now" if row.shock == 0.0 else move(row.shock)),
    Column("", lambda row: bar(row.shock), is_number=False, rank=2),
    Column("BTC at", lambda row: grouped(row.btc_price)),
    Column("equity USD", lambda row: grouped(row.equity_usd), rank=1),
    Column("worst position", lambda row: short_contract(row.worst_position), is_number=False, rank=3),
    Column("desk", lambda row: or_missing(row.desk), is_number=False, rank=4),
)


def basis_notes(basis: DistanceBasis) -> list[str]:
    """Return the lines that say what distances rest on."""
    if basis.reason is not None:
        return [f"Distances are missing: {basis.reason}"]
    volatility = percent(basis.btc_daily_volatility)
    return [
        f"{age(basis.age_s)} old, BTC at {grouped(basis.btc_price)}; cautious: each beta at its worse end.",
        f"Coins move with BTC by their betas: {basis.betas_source}.",
        f"σ: {volatility} a day: {basis.volatility_source}.",
    ]


def estimate_notes(reply: MarginReply) -> list[str]:
    """Return the lines that name estimated accounts and what missing ones lack."""
    lines = [f"{row.account_id}: estimated: {row.estimate}" for row in reply.rows if row.is_estimated]
    for row in reply.rows:
        reason = row.reasons.get("maintenance_margin_usd", "")
        if row.is_included and reason.startswith("missing"):
            lines.append(f"{row.account_id}: {reason}")
    more = len(lines) - REASONS_SHOWN_MAX
    return lines[:REASONS_SHOWN_MAX] + ([f"and {more} more; --json lists all"] if more > 0 else [])


def more_rungs(n: int) -> list[str]:
    """Return the line that says how many rungs are not shown."""
    return [f"and {n - RUNGS_SHOWN_MAX} more; --json lists more"] if n > RUNGS_SHOWN_MAX else []
