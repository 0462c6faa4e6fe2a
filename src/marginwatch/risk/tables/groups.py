"""Exposure and money of accounts, desks, tags and venues."""

import math

import numpy as np

from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.group_measures import GroupMeasures, measure_groups, summable
from marginwatch.risk.measures.exposure import concentration
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.table_rows import ExposureRow
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.tables.sums import NOBODY_COUNTS, money, open_profit


def exposure_by_account(frame: Frame) -> list[ExposureRow]:
    """Return the exposure and money of each account; the sums of one that does not count are null, with the reason."""
    specs = frame.book.specs
    everyone = np.flatnonzero(frame.inclusion != Inclusion.NONE)
    counts = frame.inclusion == Inclusion.INCLUDED
    # A frame has no such groups: most who look at it want sums, and an account's own row says the same and more.
    alone = measure_groups(summable(frame.accounts), everyone, everyone, len(counts), counts)
    return _groups(frame, "account", alone, [None if spec is None else spec.account_id for spec in specs])


def exposure_by_desk(frame: Frame) -> list[ExposureRow]:
    """Return the exposure and money of each desk; the one without a name is of accounts without a desk."""
    return _groups(frame, "desk", frame.desks, frame.desk_names)


def exposure_by_tag(frame: Frame) -> list[ExposureRow]:
    """Return the exposure and money of each tag; an account with two tags is in both."""
    return _groups(frame, "tag", frame.tags, frame.tag_names)


def exposure_by_venue(frame: Frame) -> list[ExposureRow]:
    """Return the exposure and money of each venue."""
    return _groups(frame, "venue", frame.venues, frame.venue_names)


def _groups(frame: Frame, dimension: str, of: GroupMeasures, names: list[str | None]) -> list[ExposureRow]:
    gross_total = float(frame.portfolio.long_usd[1] + frame.portfolio.short_usd[1])
    shares = concentration(of.long_usd - of.short_usd, gross_total)
    return [
        _group_row(dimension, name, of, group, float(shares[group]))
        for group, name in enumerate(names)
        if of.n_accounts[group] or of.n_left_out[group]
    ]


def _group_row(dimension: str, name: str | None, of: GroupMeasures, group: int, share: float) -> ExposureRow:
    nulls = Nulls()
    is_unheard = not of.n_accounts[group]

    def total(field: str, value: float) -> float | None:
        return nulls.number(field, math.nan if is_unheard else value, NOBODY_COUNTS)

    def ratio(field: str, value: float, answer: int) -> float | None:
        if is_unheard:
            return nulls.number(field, math.nan, NOBODY_COUNTS)
        return nulls.number(field, value, "price", answer)

    long_usd, short_usd = float(of.long_usd[group]), float(of.short_usd[group])
    net = long_usd - short_usd
    net_all = float(of.long_with_wallet_usd[group] - of.short_with_wallet_usd[group])
    return ExposureRow(
        dimension=dimension,  # pyright: ignore[reportArgumentType]  # one of the four callers above
        name=name,
        is_cash=False,
        long_usd=total("long_usd", long_usd),
        short_usd=total("short_usd", short_usd),
        net_usd=total("net_usd", net),
        gross_usd=total("gross_usd", long_usd + short_usd),
        wallet_usd=total("wallet_usd", net_all - net),
        wallet_amount=nulls.number("wallet_amount", 0.0, "", Answer.NOT_APPLICABLE),
        net_with_wallet_usd=total("net_with_wallet_usd", net_all),
        hedge_ratio=ratio("hedge_ratio", of.hedge_ratio[group], int(of.hedge_ratio_answer[group])),
        concentration=ratio(
            "concentration", share, Answer.NOT_APPLICABLE if math.isnan(share) else Answer.NUMBER
        ),
        n_unvalued=int(of.n_unvalued[group]),
        n_unknown_coins=int(of.n_unknown_coins[group]),
        n_left_out=int(of.n_left_out[group]),
        n_accounts=int(of.n_accounts[group]),
        unrealized_pnl_usd=total("unrealized_pnl_usd", open_profit(nulls, of, group)),
        equity_usd=money(nulls, "equity", of, group),
        initial_margin_usd=money(nulls, "initial_margin", of, group),
        maintenance_margin_usd=money(nulls, "maintenance_margin", of, group),
        free_usd=money(nulls, "free", of, group),
        reasons=nulls.reasons,
    )
