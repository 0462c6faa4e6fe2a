"""The simulated exchange as a desk of one owner, and what advice needs beside its sheet."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from marginwatch.risk.advice.trade_terms import trade_terms
from marginwatch.risk.betas import exempted, prior_betas
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.measures.prices import price_ages
from marginwatch.risk.settings import RiskSettings


def _loaded(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


margin_desk = _loaded("margin_desk_of_advice", Path(__file__).parents[1] / "margin" / "conftest.py")


class Desk(margin_desk.Desk):
    """The accounts that the test opened; whoever else trades there is not looked at."""

    def __init__(self, seed=7):
        super().__init__(seed)
        self.strangers = {info.uid for info in self.exchange.accounts()}


def owned(sheet, owner=None):
    """Return the sheet with all accounts of one owner, or as told by a code for each."""
    codes = np.ones(sheet.n_accounts, np.int64) if owner is None else np.array(owner, np.int64)
    return replace(sheet, owner=codes, owner_names=(None, "fund-1", "fund-2"))


def betas_of(sheet):
    return exempted(prior_betas(np.array([name == "BTC" for name in sheet.coin_names])), sheet.coin_is_exempt)


def terms_of(desk):
    instruments = desk.book.columns.instruments
    return trade_terms(desk.book.columns, price_ages(instruments, desk.now_ns, RiskSettings()))


def read(desk):
    """Read the desk anew and return its sheet, all accounts of one owner."""
    desk.read()
    sheet = desk.sheet()
    mine = [row for row, name in enumerate(sheet.account_ids) if name not in desk.strangers]
    return owned(part_of(sheet, np.array(mine, np.int64)).sheet)


def trader(desk, name, usdt, symbol, quantity, leverage="10", **more):
    """Open an account with one position at mark."""
    uid = desk.account(name, USDT=usdt, **more)
    if more.get("mode") != "PORTFOLIO_MARGIN":
        desk.exchange.set_leverage(uid, symbol, leverage)
    desk.exchange.open_position(uid, symbol, quantity)
    return uid


@pytest.fixture(scope="session")
def tools():
    return SimpleNamespace(
        Desk=Desk,
        random_account=margin_desk.random_account,
        owned=owned,
        betas_of=betas_of,
        terms_of=terms_of,
        read=read,
        trader=trader,
    )
