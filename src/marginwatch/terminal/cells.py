"""What several tables show of an account or an amount: one cell each, in calm colors unless there is danger."""

from rich.text import Text

from marginwatch.risk.table_rows import AccountRow
from marginwatch.terminal.bars import CALM, DANGER, NOTICEABLE, QUIET, WARNING, danger_style

SEVERITY_STYLES = {"critical": DANGER, "high": WARNING, "warning": NOTICEABLE, "info": QUIET}


def short_usd(value: float | None) -> Text:
    """Return an amount with three significant figures and a unit, such as ``−1.24 M``; ``—`` where there is none."""
    if value is None:
        return Text("—", style=QUIET)
    size = abs(value)
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= limit:
            scaled = value / limit
            return _colored(
                f"{scaled:.{2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0}f} {unit}", value
            )
    return _colored(f"{value:.0f}  ", value)


def _colored(text: str, value: float) -> Text:
    return Text(text.replace("-", "−"), style="dark_orange3" if value < 0 else "")


def share(value: float | None, decimals: int = 0) -> Text:
    """Return a fraction as a percentage; ``—`` where there is none."""
    return Text("—", style=QUIET) if value is None else Text(f"{value:.{decimals}%}")


def freshness(row: AccountRow) -> Text:
    """Return how the account is heard, with the age of its last message."""
    age = "" if row.data_age_s is None else f" {row.data_age_s:.0f} s"
    if row.is_included:
        mark, style = ("●", "green") if row.link_state == "streaming" else ("◐", "yellow")
        return Text.assemble((mark, style), (age, "yellow" if row.is_stale_price else QUIET))
    word = row.link_state if row.link_state != "streaming" else "stale"
    return Text(f"○ {word}{age}", style=DANGER if word in ("lost", "stale", "stopped") else "yellow")


def account_name(row: AccountRow) -> Text:
    """Return the account's name in the color of its danger."""
    style = danger_style(row.maintenance_margin_usage)
    return Text(row.account_id, style="bold" if style in (CALM, QUIET) else style)


def away(row: AccountRow) -> Text:
    """Return the distance to liquidation; ``none`` where nothing liquidates."""
    if row.liquidation_distance is None:
        is_none = row.reasons.get("liquidation_distance") == "none_in_range"
        return Text("none" if is_none else "—", style=QUIET)
    text = f"{row.liquidation_distance:.1%}"
    near = row.liquidation_distance
    return Text(
        text, style=DANGER if near < 0.05 else WARNING if near < 0.10 else NOTICEABLE if near < 0.20 else ""
    )
