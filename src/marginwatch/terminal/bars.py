"""Numbers as bars of eighths, and the colors that make only danger loud."""

from rich.text import Text

EIGHTHS = " ▏▎▍▌▋▊▉█"

CALM, NOTICEABLE, WARNING, DANGER = "cyan", "yellow", "bold dark_orange", "bold white on red"
QUIET = "bright_black"


def danger_style(usage: float | None) -> str:
    """Return the color of a margin usage: quiet when unknown, loud from 70 % on."""
    if usage is None:
        return QUIET
    for limit, style in ((0.85, DANGER), (0.70, WARNING), (0.50, NOTICEABLE)):
        if usage >= limit:
            return style
    return CALM


def bar(share: float, width: int) -> str:
    """Return a bar of ``share`` (cut to 0…1) of ``width`` cells."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def usage_bar(usage: float | None, width: int = 12) -> Text:
    """Return a margin usage as a bar and a percentage; ``—`` where there is none."""
    if usage is None:
        return Text("—".rjust(width + 7), style=QUIET)
    style = danger_style(usage)
    fill = style.replace("bold white on red", "red").replace("bold ", "")
    return Text.assemble((bar(usage, width), f"{fill} on grey15"), (f" {usage:6.1%}", style))


def balance_bar(long_usd: float, short_usd: float, largest: float, width: int = 8) -> Text:
    """Return shorts to the left and longs to the right of a middle line, both against ``largest``."""
    scale = largest or 1.0
    left, right = _mirrored(bar(short_usd / scale, width)), bar(long_usd / scale, width)
    return Text.assemble((left, "dark_orange3"), ("│", QUIET), (right, "cyan"))


def _mirrored(cells: str) -> str:
    """Return a bar that grows to the left; eighths exist for the other side alone, so its end is a half or none."""
    return "".join("█" if cell == "█" else "▐" if cell in "▋▊▉▌" else " " for cell in reversed(cells))
