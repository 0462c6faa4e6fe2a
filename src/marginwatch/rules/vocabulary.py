"""Labels that subjects have, and what a message may ask for: by scope."""

from collections.abc import Mapping

from marginwatch.model.alert import Scope

_ACCOUNT = ("account", "venue", "desk", "owner", "tags")

LABELS: Mapping[Scope, tuple[str, ...]] = {
    "portfolio": (),
    "venue": ("venue", "tags"),
    "desk": ("desk", "tags"),
    "tag": ("tags",),
    "account": _ACCOUNT,
    "asset": ("asset",),
    "position": (*_ACCOUNT, "asset", "symbol"),
    "service": (),
    "channel": ("channel",),
}
"""Scope → labels that its subjects may have; of groups ``tags`` are those that all of their accounts share."""

RESERVED = frozenset(
    {"rule", "scope", "severity", "suppresses", *(name for names in LABELS.values() for name in names)}
)
"""Labels that are given, and that a rule may not set itself."""

_MONEY = ("equity", "gross", "net", "pnl", "free")

FIGURES: Mapping[Scope, tuple[str, ...]] = {
    "portfolio": (*_MONEY, "hedge_ratio", "accounts", "not_included", "unheard"),
    "venue": (*_MONEY, "hedge_ratio", "accounts", "not_included", "unheard"),
    "desk": (*_MONEY, "hedge_ratio", "accounts", "not_included", "unheard"),
    "tag": (*_MONEY, "hedge_ratio", "accounts", "not_included", "unheard"),
    "account": (
        *_MONEY,
        *(
            "usage",
            "initial_usage",
            "leverage",
            "distance",
            "direction",
            "btc_price",
            "worst",
            "state",
            "reason",
        ),
    ),
    "asset": ("price", "gross", "net", "long", "short", "hedge_ratio"),
    "position": (
        *("usage", "equity", "free", "quantity", "entry_price", "mark_price", "notional", "pnl"),
        *("venue_liquidation_price", "distance", "status", "adl_rank"),
    ),
    "service": (),
    "channel": (),
}
"""Scope → further figures of its subjects; one that is not known stays out, and a message that asks for it says so."""

ALWAYS = (
    *("subject", "account", "severity", "rule", "measure", "side", "value", "bound", "window", "age"),
    *("since", "duration", "scope"),
)
"""What every message may ask for."""


def placeholders_of(scope: Scope) -> list[str]:
    """Return what messages of rules over a scope may ask for."""
    return list(dict.fromkeys((*ALWAYS, *LABELS[scope], *FIGURES[scope])))
