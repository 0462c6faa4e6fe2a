"""What history takes out of a frame, and what is written down of it each minute."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from marginwatch.book.history.accounts import Observed
from marginwatch.book.history.wallets import WalletsSeen
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.equity import EquitySample
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.freshness import Inclusion

NS = 1_000_000_000


def names_in(frame: Frame) -> list[str | None]:
    """Return the account of each row."""
    specs = frame.book.specs
    return [None if one is None else str(one.account_id) for one in specs[: frame.inclusion.shape[0]]]


def observed(frame: Frame, settled_amounts: FloatArray) -> Observed:
    """Return copies of what a frame says of equity.

    Parameters
    ----------
    frame : Frame
        The latest.
    settled_amounts : ndarray of shape (n_holdings,), float64
        Of each coin of each account, without unrealized profit.
    """
    n, n_holdings = frame.inclusion.shape[0], frame.book.holding_account.shape[0]
    money_at_ns = _money_at_ns(frame, n)
    return Observed(
        at_ns=frame.at_ns,
        equity=frame.accounts.equity_usd[:n].copy(),
        money_at_ns=money_at_ns,
        is_live=(frame.inclusion == Inclusion.INCLUDED) & (money_at_ns > 0),
        wallets=WalletsSeen(
            frame.book.holding_account.copy(),
            settled_amounts[:n_holdings].copy(),
            frame.prices.usd[frame.book.holding_asset],
        ),
    )


def _money_at_ns(frame: Frame, n: int) -> CodeArray:
    """Return when the balances of each account held: as the venue says, else when it was heard last; 0 if never."""
    told = frame.book.stated_at_ns[:n]
    heard = np.where(np.isnan(frame.data_age_s), 0, frame.at_ns - np.nan_to_num(frame.data_age_s) * NS)
    return np.where(told > 0, told, heard.astype(np.int64))


FIGURES = (
    "equity_usd",
    "initial_margin_usage",
    "maintenance_margin_usage",
    "long_usd",
    "short_usd",
    "pnl_usd",
)


def _distances(frame: Frame, n: int) -> FloatArray:
    """Return the distance to liquidation of each account that rules judge; NaN where there is none or it is too old."""
    distances = np.full(n, np.nan)
    found = frame.heavy.distance.held_at(frame.at_ns).value
    if found is None:
        return distances
    nearest = found.common
    shock = np.where(nearest.answer == Answer.NUMBER, np.abs(nearest.shock), np.nan)
    for row, name in enumerate(names_in(frame)):
        place = None if name is None else found.rows.get(AccountId(name))
        if place is not None:
            distances[row] = shock[place]
    return distances


class SampleColumns:
    """Copies of the columns of a minute, from which samples are made some at a time.

    Parameters
    ----------
    frame : Frame
        The latest.
    seen : Observed
        The same moment.
    index, peak : ndarray of shape (n_accounts,), float64
        Growth index of each account and its peak.
    """

    def __init__(self, frame: Frame, seen: Observed, index: FloatArray, peak: FloatArray) -> None:
        n = seen.equity.shape[0]
        is_live: BoolArray = seen.is_live
        self.names = names_in(frame)
        # Never heard is no row at all; heard and not fresh is a row without a number.
        self._rows: list[int] = np.flatnonzero(seen.money_at_ns > 0).tolist()
        self._columns: dict[str, list[Any]] = {}
        of = frame.accounts
        figures = {name: getattr(of, name)[:n] for name in FIGURES}
        figures["liquidation_distance"] = _distances(frame, n)
        for name, values in figures.items():
            self._columns[name] = _with_none(np.where(is_live, values, np.nan))
        is_sampled = is_live & ~np.isnan(seen.equity)
        self._columns["growth_index"] = _with_none(np.where(is_sampled, index, np.nan))
        self._columns["peak_index"] = _with_none(np.where(is_sampled, peak, np.nan))
        self._columns["money_at_ns"] = [at_ns or None for at_ns in seen.money_at_ns.tolist()]

    def __len__(self) -> int:
        return len(self._rows)

    def samples(self, minute_s: int, first: int, size: int) -> list[EquitySample]:
        """Return the samples of some accounts, from the ``first``-th on."""
        return [
            EquitySample(
                scope="account",
                name=name,
                minute_s=minute_s,
                **{figure: values[row] for figure, values in self._columns.items()},
            )
            for row in self._rows[first : first + size]
            if (name := self.names[row]) is not None
        ]


def _with_none(values: FloatArray) -> list[float | None]:
    return [value if value - value == 0.0 else None for value in values.tolist()]


def group_sample(
    names: Sequence[str],
    scope: Any,
    minute_s: int,
    equity: FloatArray,
    index: FloatArray,
    peak: FloatArray,
) -> list[EquitySample]:
    """Return the samples of groups; of those of which nothing is known none."""
    rows = zip(names, _with_none(equity), _with_none(index), _with_none(peak), strict=True)
    return [
        EquitySample(
            scope=scope,
            name=name,
            minute_s=minute_s,
            equity_usd=usd,
            growth_index=at,
            peak_index=top,
        )
        for name, usd, at, top in rows
        if usd is not None or at is not None
    ]
