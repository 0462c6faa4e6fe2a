"""The ``[[scenario]]`` tables: moves that the desk wants to be asked about."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from marginwatch.config.table import Complaints, read_table
from marginwatch.model.scenario import (
    BETA_FACTOR_MAX,
    FUNDING_PAYMENTS_MAX,
    FUNDING_RATE_MAX,
    HOURS_LATER_MAX,
    MOVE_MAX,
    VOLATILITY_SHIFT_MAX,
    Scenario,
)

COINS_MAX = 1_000


class ScenarioTable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[scenario]]`` table as written; :class:`Scenario` says what each key means.

    ``btc`` is its ``btc_move``, ``volatility`` its ``volatility_shift``.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    btc: float | None = None
    beta_factor: Annotated[float, msgspec.Meta(ge=0, le=BETA_FACTOR_MAX)] = 1.0
    moves: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    volatility: Annotated[float, msgspec.Meta(ge=-VOLATILITY_SHIFT_MAX, le=VOLATILITY_SHIFT_MAX)] = 0.0
    hours_later: Annotated[float, msgspec.Meta(ge=0, le=HOURS_LATER_MAX)] = 0.0
    funding_rate: Annotated[float, msgspec.Meta(ge=-FUNDING_RATE_MAX, le=FUNDING_RATE_MAX)] = 0.0
    funding_payments: Annotated[int, msgspec.Meta(ge=0, le=FUNDING_PAYMENTS_MAX)] = 0


def read_scenarios(complaints: Complaints, tables: Sequence[Mapping[str, Any]]) -> tuple[Scenario, ...]:
    """Return the scenarios in the order of the file; what is wrong is noted in ``complaints``.

    Refused are unknown keys, wrong types, numbers out of range, a name given twice, a move of Bitcoin given twice, and a
    scenario in which nothing happens.
    """
    found: dict[str, Scenario] = {}
    for index, values in enumerate(tables):
        reader = _ScenarioReader(complaints, index)
        scenario = reader.read(values)
        if scenario is None:
            continue
        if scenario.name in found:
            reader.refuse(
                "name", f"name {scenario.name!r} is given twice; give each scenario a name of its own"
            )
            continue
        found[scenario.name] = scenario
    return tuple(found.values())


class _ScenarioReader:
    """Reads one table; ``is_wrong`` once anything was refused."""

    def __init__(self, complaints: Complaints, index: int) -> None:
        self._complaints = complaints
        self._index = index
        self.is_wrong = False

    def refuse(self, key: str, message: str, *more: str) -> None:
        self.is_wrong = True
        self._complaints.refuse(("scenario", self._index, key, *more), f"[[scenario]] {message}")

    def read(self, values: Mapping[str, Any]) -> Scenario | None:
        good = read_table(self._complaints, ("scenario", self._index), values, ScenarioTable)
        if "name" not in good or any(key not in good for key in values):
            return None
        table = ScenarioTable(**good)
        if not table.name.isprintable() or table.name != table.name.strip():
            self.refuse("name", f"name {table.name!r} must be printable and without blanks at its ends")
        if table.btc is not None:
            self._check_move(table.btc, "btc")
        moves = self._moves(table)
        self._check_sense(table)
        return None if self.is_wrong else _scenario(table, moves)

    def _moves(self, table: ScenarioTable) -> dict[str, float]:
        if len(table.moves) > COINS_MAX:
            self.refuse("moves", f"moves names {len(table.moves)} coins; at most {COINS_MAX} are taken")
            return {}
        moves: dict[str, float] = {}
        for coin, move in table.moves.items():
            if not coin or not coin.isprintable() or coin != coin.strip():
                self.refuse("moves", f"moves: {coin!r} is no coin", coin)
            elif coin.upper() in moves:
                self.refuse("moves", f"moves names {coin.upper()} twice", coin)
            elif isinstance(move, bool) or not isinstance(move, int | float):
                self.refuse("moves", f"moves.{coin} must be a number such as -0.2", coin)
            elif self._check_move(move, "moves", coin):
                moves[coin.upper()] = float(move)
        return moves

    def _check_move(self, move: float, key: str, *coin: str) -> bool:
        if -1.0 < move <= MOVE_MAX:
            return True
        name = ".".join((key, *coin))
        remedy = f"; {move:g} % is {move / 100:g}" if -100.0 < move < -1.0 else ""
        self.refuse(
            key,
            f"{name} must be a fraction above -1 and at most {MOVE_MAX:g} (-0.2 is a fall by 20 %), got {move:g}{remedy}",
            *coin,
        )
        return False

    def _check_sense(self, table: ScenarioTable) -> None:
        if table.btc is not None and any(coin.upper() == "BTC" for coin in table.moves):
            self.refuse(
                "btc",
                "btc and moves.BTC say the same thing; with btc the other coins follow, keep one of them",
            )
        if (table.funding_rate != 0.0) != (table.funding_payments > 0):
            self.refuse(
                "funding_rate" if table.funding_rate else "funding_payments",
                "funding_rate and funding_payments belong together: a rate, and how many payments at it",
            )
        happens = (table.btc, table.moves, table.volatility, table.hours_later, table.funding_payments)
        if not self.is_wrong and not any(happens):
            self.refuse(
                "name", f"nothing happens in {table.name!r}; give it btc, moves, volatility or another shock"
            )


def _scenario(table: ScenarioTable, moves: dict[str, float]) -> Scenario:
    return Scenario(
        name=table.name,
        btc_move=table.btc,
        beta_factor=table.beta_factor,
        moves=moves,
        volatility_shift=table.volatility,
        hours_later=table.hours_later,
        funding_rate=table.funding_rate,
        funding_payments=table.funding_payments,
    )
