"""One move of the market whenever somebody asks: gathered where the book is written, reckoned in a thread."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from marginwatch.errors import ConfigError
from marginwatch.model.ids import AccountId
from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.moves import PastReturns, moves_of
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.scenarios.what_if import answer_of, what_if
from marginwatch.risk.what_if_rows import WhatIfAnswer


@dataclass(slots=True, frozen=True, eq=False)
class WhatIfInputs:
    """One moment.

    Parameters
    ----------
    sequence : int
        Of the latest frame then.
    sheet : MarginSheet
        All accounts.
    left_out : mapping of AccountId to str
        Accounts that count in no total, and why.
    past : PastReturns
        What is known of past prices.
    """

    sequence: int
    sheet: MarginSheet
    left_out: Mapping[AccountId, str]
    past: PastReturns


def solve_what_if(inputs: WhatIfInputs, move: Scenario, account: str | None = None) -> WhatIfAnswer:
    """Return what a move makes of all accounts, or of one alone. Cost: five margin passes; for a thread.

    Parameters
    ----------
    inputs : WhatIfInputs
        The moment.
    move : Scenario
        What happens.
    account : str or None
        Only this one, whatever its letter case.

    Raises
    ------
    ConfigError
        If there is no such account.
    """
    # A sheet with a cache of its own: no other thread may work in it.
    sheet = replace(inputs.sheet)
    if account is not None:
        rows = [row for row, name in enumerate(sheet.account_ids) if name.casefold() == account.casefold()]
        if not rows:
            raise ConfigError(f"there is no account {account!r} with anything to reckon")
        sheet = part_of(sheet, np.array(rows, np.int64)).sheet
    moves = moves_of(sheet, inputs.past.daily)
    return answer_of(what_if(sheet, moves.betas, move, inputs.left_out), moves.betas_source)
