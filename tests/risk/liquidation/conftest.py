"""The slow reckoning, and the simulated exchange as a desk that only the test trades on."""

import importlib.util
from pathlib import Path

import pytest


def _loaded(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def slow():
    """Headroom and distances by plain loops."""
    return _loaded("slow_distances", Path(__file__).with_name("slow.py"))


@pytest.fixture(scope="session")
def tools():
    """What the margin tests read simulated accounts with."""
    return _loaded("margin_desk", Path(__file__).parents[1] / "margin" / "conftest.py")
