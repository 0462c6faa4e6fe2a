import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

ACCOUNT = """
[[account]]
id = "main"
venue = "bybit"
environment = "testnet"
api_key = "env:MW_KEY"
api_secret = "env:MW_SECRET"
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a configuration; the environment holds the secrets that ``ACCOUNT`` names."""
    monkeypatch.setenv("MW_KEY", "the-key-itself")
    monkeypatch.setenv("MW_SECRET", "the-secret-itself")

    def make(text: str, *, account: bool = True) -> Path:
        path = tmp_path / "desk.toml"
        path.write_text(textwrap.dedent(text) + (ACCOUNT if account else ""))
        return path

    return make


@pytest.fixture
def account() -> str:
    return ACCOUNT
