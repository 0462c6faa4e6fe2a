"""The figures of the overview, from the service's own first page; nothing is reckoned here."""

from collections.abc import Mapping

from rich.text import Text

from marginwatch.terminal.alert_words import figure as figure_words
from marginwatch.terminal.bars import DANGER, NOTICEABLE, QUIET, WARNING, danger_style, usage_bar
from marginwatch.terminal.cells import share, short_usd
from marginwatch.terminal.figures import age, grouped, margin_usage, percent, price
from marginwatch.top.columns import shown_text
from marginwatch.top.figures import Figure, reason_words
from marginwatch.web.overview_replies import OverviewReply

BAR_CELLS = 10
N_FIGURES = 20
LIGHTS = {"green": "green", "yellow": NOTICEABLE, "red": DANGER}
LEVELS = {"LOW": "", "MEDIUM": NOTICEABLE, "HIGH": WARNING}
NONE_IN_RANGE = "none_in_range"


def overview_figures(reply: OverviewReply) -> list[Figure]:
    """Return the :data:`N_FIGURES` figures of the overview, in the order of the screen."""
    whole, sums = reply.reasons, reply.summary.reasons
    total, kept_s = reply.summary, reply.performance_age_s
    return [
        _usd("equity", total.equity_usd, sums.get("equity_usd")),
        _usd("day PnL", reply.daily_pnl_usd, whole.get("daily_pnl_usd"), kept_s),
        _usd("gross", total.gross_usd, sums.get("gross_usd")),
        _usd("net", total.net_usd, sums.get("net_usd")),
        _usd("with wallets", total.net_with_wallet_usd, sums.get("net_with_wallet_usd")),
        _usd("unreal. PnL", total.unrealized_pnl_usd, sums.get("unrealized_pnl_usd")),
        _combined(reply),
        _worst(reply),
        _nearest(reply),
        _var(reply),
        _usd("free", total.free_usd, sums.get("free_usd")),
        _usd("idle", reply.idle_usd, whole.get("idle_usd")),
        _level(reply),
        _fraction("drawdown", reply.drawdown, whole, kept_s),
        _oldest(reply),
        _bitcoin(reply),
        _alerts(reply),
        _accounts(reply),
        _not_included(reply),
        _unsafe_keys(reply),
    ]


def _usd(label: str, value: float | None, reason: str | None, age_s: float | None = 0.0) -> Figure:
    return Figure(label, short_usd(value), figure_words(value, "usd"), age_s, reason_words(reason))


def _fraction(label: str, value: float | None, reasons: Mapping[str, str], age_s: float | None) -> Figure:
    return Figure(label, share(value, 2), percent(value, 2), age_s, reason_words(reasons.get(label)))


def _missing(label: str, reason: str | None, word: str = "—", age_s: float | None = 0.0) -> Figure:
    return Figure(label, Text(word, style=QUIET), word, age_s, reason_words(reason) or "not known")


def _combined(reply: OverviewReply) -> Figure:
    usage = reply.maintenance_margin_usage
    words = f"{margin_usage(usage)} of the adjusted equity of {reply.n_combined} accounts together"
    return Figure(
        "used, in all",
        usage_bar(usage, BAR_CELLS),
        words if usage is not None else "—",
        0.0,
        reason_words(reply.reasons.get("maintenance_margin_usage")),
    )


def _worst(reply: OverviewReply) -> Figure:
    worst = reply.worst_usage
    if worst is None:
        return _missing("used, worst", reply.reasons.get("worst_usage"))
    usage = worst.maintenance_margin_usage
    text = usage_bar(usage, BAR_CELLS) + Text(" ") + shown_text(worst.account_id, danger_style(usage))
    reason = None if worst.is_included else "the account is not part of totals"
    return Figure("used, worst", text, f"{worst.account_id} uses {margin_usage(usage)}", 0.0, reason)


def _nearest(reply: OverviewReply) -> Figure:
    label, near = "nearest liq.", reply.nearest_liquidation
    if near is None:
        reason = reply.reasons.get("nearest_liquidation")
        return _missing(label, reason, "none" if reason == NONE_IN_RANGE else "—", reply.ladder_basis.age_s)
    away = near.liquidation_distance
    style = DANGER if away < 0.05 else WARNING if away < 0.10 else NOTICEABLE if away < 0.20 else ""
    text = Text.assemble((f"{near.liquidation_shock:+.1%}".replace("-", "−"), style), " ")
    text.append_text(shown_text(near.account_id))
    text.append(f" {age(near.age_s)}", QUIET)
    words = (
        f"{near.account_id} is liquidated if Bitcoin {'falls' if near.side == 'down' else 'rises'} by"
        f" {percent(away)}, at {price(near.liquidation_btc_price)} USD"
        + (f"; most of it by {near.worst_position.rpartition(':')[2]}" if near.worst_position else "")
    )
    reason = None if near.is_included else "the account is not part of totals"
    return Figure(label, text, words, near.age_s, reason)


def _var(reply: OverviewReply) -> Figure:
    line = reply.value_at_risk
    if line.var_usd is None:
        return _missing("VaR", line.reasons.get("var_usd"), age_s=line.age_s)
    text = short_usd(line.var_usd)
    light = line.light
    text.append(" ●", LIGHTS[light]) if light is not None else text.append(" ○", QUIET)
    horizon = age(None if line.horizon_s is None else float(line.horizon_s))
    text.append(f" {percent(line.confidence, 0)} {horizon}, {age(line.age_s)} old", QUIET)
    words = (
        f"{figure_words(line.var_usd, 'usd')} at {percent(line.confidence)} over {horizon}, {line.method};"
        f" expected shortfall {figure_words(line.expected_shortfall_usd, 'usd')}; light {light or 'not given'}"
    )
    left_out = f"{line.n_left_out} accounts left out" if line.n_left_out else None
    why = "; ".join(one for one in (left_out, reason_words(line.reasons.get("light"))) if one)
    return Figure("VaR", text, words, line.age_s, why or None)


def _level(reply: OverviewReply) -> Figure:
    line = reply.level
    if line.risk_level is None:
        return _missing("risk level", line.reasons.get("risk_level"), age_s=line.age_s)
    least = "≥ " if line.is_at_least else ""
    text = Text.assemble((f"{line.risk_level} {least}{line.risk_score}", LEVELS[line.risk_level]))
    text.append(f" {age(line.age_s)}", QUIET)
    words = f"{line.risk_level}, {least}{line.risk_score} of 10, by {line.driver or 'nothing'}"
    reason = "a measure is missing: it may be higher" if line.is_at_least else None
    return Figure("risk level", text, words, line.age_s, reason)


def _oldest(reply: OverviewReply) -> Figure:
    oldest = reply.oldest_data
    if oldest is None:
        return _missing("oldest data", reply.reasons.get("oldest_data"))
    text = Text(f"{age(oldest.data_age_s)} ") + shown_text(oldest.account_id, QUIET)
    words = f"{oldest.account_id} was heard {oldest.data_age_s:.1f} s before the frame"
    return Figure("oldest data", text, words, 0.0)


def _bitcoin(reply: OverviewReply) -> Figure:
    reason = reason_words(reply.reasons.get("btc_price"))
    words = price(reply.btc_price)
    is_missing = reply.btc_price is None
    return Figure("BTC", Text(words, style=QUIET if is_missing else ""), f"{words} USD", 0.0, reason)


def _alerts(reply: OverviewReply) -> Figure:
    counts = reply.alerts
    if counts is None:
        return _missing("alerts", reply.reasons.get("alerts"))
    parts = [
        (f"{counts.n_critical} critical", DANGER if counts.n_critical else QUIET),
        (f"{counts.n_high} high", WARNING if counts.n_high else QUIET),
        (f"{counts.n_warning} warn", NOTICEABLE if counts.n_warning else QUIET),
    ]
    text = Text(" ").join(Text(words, style=style) for words, style in parts)
    words = (
        f"{counts.n_firing} fire: {counts.n_critical} critical, {counts.n_high} high, {counts.n_warning} warning,"
        f" {counts.n_info} info; {counts.n_pending} pending, {counts.n_unknown} cannot be judged"
    )
    return Figure("alerts", text, words, 0.0)


def _accounts(reply: OverviewReply) -> Figure:
    total = reply.summary
    text = Text(f"{total.n_included} of {total.n_accounts}")
    n_positions = "—" if total.n_positions is None else grouped(total.n_positions)
    text.append(f", {n_positions} pos.", QUIET)
    words = (
        f"{total.n_included} of {total.n_accounts} accounts are in the totals, with {n_positions} positions"
    )
    return Figure("accounts", text, words, 0.0, reason_words(total.reasons.get("n_positions")))


def _not_included(reply: OverviewReply) -> Figure:
    n = reply.n_not_included
    if not n:
        return Figure("not included", Text("nothing", style=QUIET), "the totals are complete", 0.0)
    first = reply.summary.not_included[0] if reply.summary.not_included else None
    why = None if first is None else f"{first.subject} ({first.state}: {first.reason})"
    return Figure("not included", Text(str(n), style=WARNING), f"{n} are not in the totals", 0.0, why)


def _unsafe_keys(reply: OverviewReply) -> Figure:
    n, n_unchecked = reply.n_unsafe_keys, reply.n_unchecked_keys or 0
    if n is None:
        return Figure("unsafe keys", Text("—", style=QUIET), "", 0.0, reply.reasons.get("n_unsafe_keys"))
    words = ", ".join(reply.unsafe_keys[:10]) or ("" if n_unchecked else "every key reads only")
    waits = f"{n_unchecked} not checked yet" if n_unchecked else ""
    said = "; ".join(one for one in (words, waits) if one)
    return Figure("unsafe keys", Text(str(n), style=WARNING if n else QUIET), said, 0.0)
