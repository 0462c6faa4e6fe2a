"""One account in lines: margins ours against the venue's, distances, how it is heard, what its key may do."""

import msgspec
from rich.text import Text

from marginwatch.risk.table_rows import AccountRow, CoinRow, PositionRow
from marginwatch.terminal.account_words import health, level_words
from marginwatch.terminal.bars import NOTICEABLE, QUIET, WARNING, usage_bar
from marginwatch.terminal.cells import short_usd
from marginwatch.terminal.figures import (
    age,
    decimal,
    distance,
    grouped,
    or_missing,
    percent,
    price,
)
from marginwatch.terminal.position_words import exact_price, own_distance, status
from marginwatch.top.columns import LiveColumn, shown_text
from marginwatch.top.figures import reason_words
from marginwatch.top.look import LABEL, greyed
from marginwatch.web.account_replies import AccountDetail

N_LINES = 10
LABEL_CELLS = 20
FIGURE_CELLS = 16
MARGINS = (
    ("equity", "equity_usd", "venue_equity_usd", "model_error_equity"),
    ("adjusted equity", "adjusted_equity_usd", "venue_adjusted_equity_usd", None),
    ("initial margin", "initial_margin_usd", "venue_initial_margin_usd", None),
    ("maintenance margin", "maintenance_margin_usd", "venue_maintenance_margin_usd", "model_error"),
    ("free", "free_usd", "venue_free_usd", None),
)
"""Name, field of ours, field of the venue's, field of the difference when the venue last spoke."""


def account_lines(detail: AccountDetail, by_s: float, *, is_grey: bool) -> Text:
    """Return :data:`N_LINES` lines about an account, ``by_s`` seconds after they came."""
    row = detail.row
    lines = [_title(row, by_s), _heads(row, by_s)]
    lines += [_margin(row, by_s, *one) for one in MARGINS]
    lines += [_danger(row, by_s), _connection(detail, by_s), _key(detail, by_s)]
    return Text("\n").join(greyed(line, is_grey=is_grey) for line in lines)


def _title(row: AccountRow, by_s: float) -> Text:
    heard_s = None if row.data_age_s is None else row.data_age_s + by_s
    text = shown_text(row.account_id, "bold")
    for words in (row.desk, row.venue, row.margin_mode):
        text.append(" · ", QUIET).append_text(shown_text(words, QUIET))
    text.append(f" · {health(row)}, heard {age(heard_s)} ago", "" if row.is_included else WARNING)
    if row.reason:
        text.append(" · ").append_text(shown_text(row.reason, WARNING))
    return text


def _heads(row: AccountRow, by_s: float) -> Text:
    margin_age_s = None if row.margin_age_s is None else row.margin_age_s + by_s
    text = Text(" " * LABEL_CELLS)
    text.append(f"{'ours, USD':>{FIGURE_CELLS}}", LABEL)
    text.append(f"{'the venue’s':>{FIGURE_CELLS}}", LABEL)
    return text.append(f"  of {age(margin_age_s)} ago", QUIET)


def _margin(row: AccountRow, by_s: float, name: str, ours: str, theirs: str, error: str | None) -> Text:
    text = Text(f"{name:<{LABEL_CELLS}}", style=LABEL)
    our_value: float | None = getattr(row, ours)
    text.append(Text(f"{grouped(our_value):>{FIGURE_CELLS}}", style=""))
    text.append(Text(f"{grouped(getattr(row, theirs)):>{FIGURE_CELLS}}", style=""))
    off: float | None = None if error is None else getattr(row, error)
    if off is not None:
        measured_s = None if row.model_error_age_s is None else row.model_error_age_s + by_s
        text.append(f"  off by {percent(off, 2)}, {age(measured_s)} ago", QUIET)
    elif our_value is None:
        text.append("  ").append_text(shown_text(reason_words(row.reasons.get(ours)), NOTICEABLE))
    elif name == "free" and row.estimate:
        text.append("  estimated: ", QUIET).append_text(shown_text(row.estimate, QUIET))
    return text


def _danger(row: AccountRow, by_s: float) -> Text:
    old_s = None if row.liquidation_distance_age_s is None else row.liquidation_distance_age_s + by_s
    text = Text.assemble((f"{'used':<{LABEL_CELLS}}", LABEL))
    text.append_text(usage_bar(row.maintenance_margin_usage, 10))
    down = distance(row.liquidation_distance_down, row.reasons.get("liquidation_distance_down"))
    up = distance(row.liquidation_distance_up, row.reasons.get("liquidation_distance_up"))
    text.append(f"  BTC falls {down}, rises {up}, at {price(row.liquidation_btc_price)} USD")
    return text.append(f", {age(old_s)} old · {level_words(row)}", QUIET)


def _connection(detail: AccountDetail, by_s: float) -> Text:
    one = detail.connection
    reconciled_s = None if one.reconciled_age_s is None else one.reconciled_age_s + by_s
    kept = (
        f"{len(detail.breaks)} breaks kept"
        if detail.history_problem is None
        else f"breaks —: {detail.history_problem}"
    )
    words = (
        f"{one.state}, reconciled {age(reconciled_s)} ago, polled every {age(one.poll_s)},"
        f" {grouped(one.n_messages)} messages, {grouped(one.n_malformed)} malformed,"
        f" {grouped(one.n_connects)} connects, {kept}"
    )
    return Text(f"{'connection':<{LABEL_CELLS}}", style=LABEL) + shown_text(words)


def _key(detail: AccountDetail, by_s: float) -> Text:
    key = detail.key
    words = ["checked" if key.is_checked else "not checked yet", f"uid {or_missing(key.uid)}"]
    if key.expires_in_s is not None:
        words.append(f"ends in {age(max(0.0, key.expires_in_s - by_s))}")
    words += ["CAN DO MORE THAN READ"] if key.is_unsafe else []
    words += key.warnings
    return Text(f"{'key':<{LABEL_CELLS}}", style=LABEL) + shown_text(
        ", ".join(words), WARNING if key.is_unsafe or key.warnings else ""
    )


def _own(row: PositionRow) -> Text:
    return Text(own_distance(row) or "as account", style="" if own_distance(row) else QUIET)


POSITION_COLUMNS = (
    LiveColumn("contract", 16, lambda row: shown_text(row.venue_symbol, "bold"), "left"),
    LiveColumn("side", 6, lambda row: shown_text(row.position_side, QUIET), "left", 100),
    LiveColumn("quantity", 14, lambda row: shown_text(decimal(row.quantity))),
    LiveColumn("entry", 13, lambda row: shown_text(exact_price(row.entry_price)), "right", 100),
    LiveColumn(
        "mark", 13, lambda row: Text(price(row.mark_price), style=NOTICEABLE if row.is_stale_price else "")
    ),
    LiveColumn("exposure", 10, lambda row: short_usd(row.exposure_usd)),
    LiveColumn("PnL", 9, lambda row: short_usd(row.unrealized_pnl_usd)),
    LiveColumn("liq. price", 13, lambda row: shown_text(exact_price(row.liquidation_price)), "right", 120),
    LiveColumn("to liq.", 10, _own, "right", 120),
    LiveColumn(
        "status", 0, lambda row: shown_text(status(row), NOTICEABLE) if status(row) else Text(""), "left"
    ),
)

COIN_COLUMNS = (
    LiveColumn("coin", 10, lambda row: shown_text(row.asset, "bold"), "left"),
    LiveColumn("equity", 18, lambda row: shown_text(decimal(row.equity))),
    LiveColumn("USD", 9, lambda row: short_usd(row.equity_usd)),
    LiveColumn("collateral", 10, lambda row: short_usd(row.collateral_usd)),
    LiveColumn("rate", 8, lambda row: Text(percent(row.collateral_rate))),
    LiveColumn(
        "price", 13, lambda row: Text(price(row.price_usd), style=NOTICEABLE if row.is_stale_price else "")
    ),
    LiveColumn("age", 0, lambda row: Text(age(row.price_age_s), style=QUIET), "left"),
)


def aged_coin(row: CoinRow, by_s: float) -> CoinRow:
    """Return a coin so much later: nothing is known anew, only its price is older."""
    if row.price_age_s is None:
        return row
    return msgspec.structs.replace(row, price_age_s=row.price_age_s + by_s)


def row_words(row: PositionRow | CoinRow) -> str:
    """Return a position or a coin in one line, with why anything is missing."""
    name = row.venue_symbol if isinstance(row, PositionRow) else row.asset
    extra = status(row) if isinstance(row, PositionRow) else ""
    lacking = [
        f"{field} —: {reason_words(why)}" for field, why in row.reasons.items() if why != "not_applicable"
    ]
    return " · ".join(one for one in (name, extra, *lacking) if one)
