"""Reading the configuration again disturbs nobody."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from marginwatch.app.api import access_of
from marginwatch.config.settings import Config, ServiceSettings
from marginwatch.daemon import _reload_when_asked, _tell_entrance, sign_in_words
from marginwatch.errors import ConfigError
from marginwatch.logs import Scrubber
from marginwatch.model.secret import Secret
from marginwatch.web.access.passwords import HASHER, write_password

ACCOUNT = '[[account]]\nid = "a"\nvenue = "bybit"\nenvironment = "testnet"\napi_key = "env:DK"\napi_secret = "env:DS"\n'


class Reloaded:
    """Takes configurations."""

    def __init__(self) -> None:
        self.config: Config | None = None
        self.came = asyncio.Event()

    async def reload(self, config: Config) -> None:
        self.config = config
        self.came.set()


async def test_while_a_file_is_read_again_everything_else_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DK", "k")
    monkeypatch.setenv("DS", "s")
    file = tmp_path / "slow.toml"
    os.mkfifo(file)
    service, asked = Reloaded(), asyncio.Event()
    task = asyncio.create_task(_reload_when_asked(cast("Any", service), file, Scrubber(), asked))
    asked.set()
    went_on = threading.Event()

    def write() -> None:
        # Whoever reads on the loop waits for this, and the loop with it.
        went_on.wait(5)
        file.write_text(ACCOUNT)

    writing = threading.Thread(target=write)
    writing.start()
    for _ in range(100):
        await asyncio.sleep(0)
    assert service.config is None
    went_on.set()
    await asyncio.to_thread(writing.join)
    async with asyncio.timeout(10):
        await service.came.wait()
    assert service.config is not None
    assert [one.account_id for one in service.config.accounts] == ["a"]
    task.cancel()


TOKEN = Secret("a-token-of-the-api, long enough")


@pytest.mark.parametrize(
    ("host", "login", "is_open"),
    [
        ("127.0.0.1", "auto", True),
        ("127.0.0.2", "auto", True),
        ("::1", "auto", True),
        ("localhost", "auto", True),
        ("127.0.0.1", "always", False),
        ("0.0.0.0", "auto", False),
        ("::", "auto", False),
        ("192.0.2.7", "auto", False),
        ("risk.example", "auto", False),
    ],
)
def test_what_it_takes_to_come_in_follows_from_the_address_and_is_said(
    tmp_path: Path, host: str, login: Any, is_open: bool
) -> None:
    settings = ServiceSettings(host=host, login=login, data_dir=tmp_path)
    access = access_of(settings, TOKEN)
    assert access.is_open() is is_open
    with capture_logs() as lines:
        _tell_entrance(settings, access, "http://x:1")
    assert [line["event"] for line in lines if line["log_level"] == "info"] == ["dashboard"]
    warned = [line for line in lines if line["log_level"] == "warning"]
    assert len(warned) == (host not in ("127.0.0.1", "127.0.0.2", "::1", "localhost"))
    words = sign_in_words(settings, access)
    assert words.startswith("not needed on this machine") is is_open
    if not is_open:
        assert words == f"with the token in {tmp_path / 'api-token'}; or set a password first"
    write_password(tmp_path / "web-passwords.toml", "viewer", Secret(HASHER.hash("a password, long enough")))
    assert not access.is_open()
    assert sign_in_words(settings, access) == f"with a password, or the token in {tmp_path / 'api-token'}"
    named = ServiceSettings(host=host, login=login, data_dir=tmp_path, token=TOKEN)
    assert sign_in_words(named, access) == "with a password, or the token of the configuration"
    assert TOKEN.reveal() not in str(lines)


def test_a_broken_file_of_passwords_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "web-passwords.toml").write_text("operator = ")
    (tmp_path / "web-passwords.toml").chmod(0o600)
    with pytest.raises(ConfigError, match=r"web-passwords\.toml: holds no passwords that can be used"):
        access_of(ServiceSettings(data_dir=tmp_path), TOKEN)


@pytest.mark.parametrize(
    ("host", "token", "is_told"), [("0.0.0.0", "short", True), ("127.0.0.1", "short", False)]
)
def test_a_token_that_can_be_guessed_from_outside_is_told(
    tmp_path: Path, host: str, token: str, is_told: bool
) -> None:
    settings = ServiceSettings(host=host, data_dir=tmp_path, token=Secret(token))
    with capture_logs() as lines:
        _tell_entrance(settings, access_of(settings, Secret(token)), "http://x:1")
    assert ("can be guessed" in str(lines)) is is_told
    assert token not in str(lines)
