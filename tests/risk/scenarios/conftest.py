"""Random and hand-made books for scenarios, the slow reckoning, and the simulated exchange as a desk."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.build import build_sheet
from marginwatch.risk.measures.prices import price_ages, usd_prices
from marginwatch.risk.settings import RiskSettings

KNOWN_BETAS = {"BTC": 1.0, "ETH": 1.2, "SOL": 1.4, "PEPE": 2.0}


def _loaded(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def slow():
    """Accounts in scenarios by plain loops."""
    return _loaded("slow_stress", Path(__file__).with_name("slow.py"))


@pytest.fixture(scope="session")
def tools():
    """What the margin tests read simulated accounts with."""
    return _loaded("margin_desk", Path(__file__).parents[1] / "margin" / "conftest.py")


def sheet_of(world):
    columns, settings = world.book.columns, RiskSettings()
    ages = price_ages(columns.instruments, world.now, settings)
    prices = usd_prices(columns.assets, columns.instruments, ages, world.now, settings)
    return build_sheet(columns, ages, prices, world.now)


def betas_of(sheet, known=KNOWN_BETAS, other=1.1):
    """Return betas by name of coin; exempt coins have none."""
    value = np.array([known.get(name, other) for name in sheet.coin_names])
    value[sheet.coin_is_exempt] = 0.0
    return Betas(value, value, value, np.zeros(value.shape[0]))


@pytest.fixture(scope="session")
def books():
    return SimpleNamespace(sheet_of=sheet_of, betas_of=betas_of)
