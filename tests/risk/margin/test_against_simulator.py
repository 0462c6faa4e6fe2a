"""Our figures against those of the simulated exchange, whose margin engine shares no line with ours."""

import pytest

from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now


def ours(desk):
    sheet = desk.sheet()
    return sheet, margins(sheet, prices_now(sheet))


@pytest.mark.parametrize("seed", range(2))
def test_cross_accounts_agree(tools, seed):
    desk, pick = tools.Desk(seed), tools.random(seed)
    uids = [tools.random_account(desk, pick, number) for number in range(60)]
    desk.read()
    sheet, found = ours(desk)
    for uid in uids:
        place, truth = sheet.account_ids.index(uid), desk.truth(uid)
        assert sheet.missing_reasons[place] is None
        got = [
            found.equity[place],
            found.adjusted_equity[place],
            found.initial_margin[place],
            found.maintenance_margin[place],
        ]
        want = [truth.equity, truth.balance, truth.initial, truth.maintenance]
        assert got == pytest.approx(want, rel=1e-6, abs=1e-6)
