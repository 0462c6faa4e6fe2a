"""Exposure and money of desks, tags and venues."""

import math

from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.group_measures import GroupMeasures
from marginwatch.risk.measures.exposure import concentration
from marginwatch.risk.table_rows import ExposureRow
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.tables.sums import money, open_profit


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
    rows: list[ExposureRow] = []
    for group, name in enumerate(names):
        if not (of.n_accounts[group] or of.n_left_out[group]):
            continue
        nulls = Nulls()
        net = float(of.long_usd[group] - of.short_usd[group])
        net_all = float(of.long_with_wallet_usd[group] - of.short_with_wallet_usd[group])
        share = float(shares[group])
        rows.append(
            ExposureRow(
                dimension=dimension,  # pyright: ignore[reportArgumentType]  # one of the three callers above
                name=name,
                is_cash=False,
                long_usd=float(of.long_usd[group]),
                short_usd=float(of.short_usd[group]),
                net_usd=net,
                gross_usd=float(of.long_usd[group] + of.short_usd[group]),
                wallet_usd=net_all - net,
                wallet_amount=nulls.number("wallet_amount", 0.0, "", Answer.NOT_APPLICABLE),
                net_with_wallet_usd=net_all,
                hedge_ratio=nulls.number(
                    "hedge_ratio", of.hedge_ratio[group], "price", int(of.hedge_ratio_answer[group])
                ),
                concentration=nulls.number(
                    "concentration", share, "", Answer.NOT_APPLICABLE if math.isnan(share) else None
                ),
                n_unvalued=int(of.n_unvalued[group]),
                n_unknown_coins=int(of.n_unknown_coins[group]),
                n_left_out=int(of.n_left_out[group]),
                n_accounts=int(of.n_accounts[group]),
                unrealized_pnl_usd=open_profit(nulls, of, group),
                equity_usd=money(nulls, "equity", of, group),
                initial_margin_usd=money(nulls, "initial_margin", of, group),
                maintenance_margin_usd=money(nulls, "maintenance_margin", of, group),
                free_usd=money(nulls, "free", of, group),
                reasons=nulls.reasons,
            )
        )
    return rows
