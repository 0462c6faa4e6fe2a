"""One move of the whole market: every coin follows Bitcoin with its beta, or with the worse end of what it may be."""

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.exposures import coin_exposures
from marginwatch.risk.liquidation.shocks import ShockedAccounts
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace


def common_shock(sheet: MarginSheet, betas: Betas, work: Workspace) -> ShockedAccounts:
    """Return the accounts under one shock of BTC that each coin follows with its beta.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    betas : Betas
        By coin of the sheet, shape (m,); 0 for coins that do not follow.
    work : Workspace
        Buffers.
    """
    return ShockedAccounts(
        sheet=sheet,
        leg_exponents=betas.value[sheet.underlying_coin] - betas.value[sheet.quote_coin],
        leg_code=sheet.leg_contract,
        coin_exponents=betas.value,
        holding_code=sheet.holding_coin,
        offset=np.zeros(sheet.n_accounts),
        work=work,
        code_contract=np.arange(len(sheet.underlying_coin)),
        code_coin=np.arange(len(betas.value)),
    )


def cautious_shock(sheet: MarginSheet, betas: Betas, direction: int, work: Workspace) -> ShockedAccounts:
    """Return the same with each coin at that end of its band which hurts the account more in one direction.

    What an account is net long of falls with the high end of the band and rises with the low one; what it is net short
    of the other way round. All legs of a coin in an account move together, for a coin has one price.

    Parameters
    ----------
    sheet, betas, work
        As in :func:`common_shock`.
    direction : {-1, 1}
        Of Bitcoin's price.
    """
    exposure = coin_exposures(sheet)
    takes_high = (exposure.usd > 0.0) == (direction < 0)
    n_contracts, n_coins = len(sheet.underlying_coin), len(betas.value)
    coin, quote = sheet.underlying_coin, betas.value[sheet.quote_coin]
    return ShockedAccounts(
        sheet=sheet,
        leg_exponents=np.concatenate((betas.low[coin] - quote, betas.high[coin] - quote)),
        leg_code=_ended(sheet.leg_contract, takes_high[exposure.leg_pair], n_contracts),
        coin_exponents=np.concatenate((betas.low, betas.high)),
        holding_code=_ended(sheet.holding_coin, takes_high[exposure.holding_pair], n_coins),
        offset=np.zeros(sheet.n_accounts),
        work=work,
        code_contract=np.arange(2 * n_contracts) % n_contracts,
        code_coin=np.arange(2 * n_coins) % n_coins,
    )


def _ended(code: CodeArray, takes_high: FloatArray, n: int) -> CodeArray:
    return code + np.where(takes_high, n, 0)
