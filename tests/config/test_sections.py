"""The example file, the settings and the collector's own settings name the same things."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from marginwatch.collect.settings import CollectSettings
from marginwatch.config import load
from marginwatch.config.accounts import AccountTable
from marginwatch.config.sections import SECTIONS, is_loopback
from marginwatch.config.settings import CollectTable, ServiceSettings
from marginwatch.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parents[2] / "marginwatch.example.toml"
SETTING = re.compile(r"^# ([a-z_]+) = ", re.MULTILINE)


def documented() -> dict[str, object]:
    """Return the example with its commented settings switched on, up to the last, all-comment account."""
    text = EXAMPLE.read_text().split("# Hosts of your own")[0]
    return tomllib.loads(SETTING.sub(r"\1 = ", text))


@pytest.mark.parametrize("name", SECTIONS)
def test_every_setting_is_documented_with_its_default_and_nothing_else_is(name: str) -> None:
    shown = documented()[name]
    assert isinstance(shown, dict)
    fields = {field.name: field.default for field in msgspec.structs.fields(SECTIONS[name])}
    assert set(shown) == set(fields)
    # What is nothing by default is shown with an example.
    has_default = {key: default for key, default in fields.items() if default is not None}
    assert {key: shown[key] for key in has_default} == {
        key: list(default) if isinstance(default, tuple) else default for key, default in has_default.items()
    }


def test_every_key_of_an_account_is_documented() -> None:
    accounts = documented()["account"]
    assert isinstance(accounts, list)
    assert set(accounts[0]) | {"urls"} == {field.name for field in msgspec.structs.fields(AccountTable)}
    assert "# urls = {" in EXAMPLE.read_text()


def test_the_example_loads_as_it_stands_and_with_everything_switched_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("BYBIT_MM_KEY", "BYBIT_MM_SECRET", "MARGINWATCH_TOKEN", "OKX_PASSPHRASE"):
        monkeypatch.setenv(name, name)
    monkeypatch.setenv("MARGINWATCH_DATABASE", "postgresql://desk:secret@127.0.0.1/marginwatch")
    assert load(EXAMPLE).accounts[0].uid == "1234567"
    (tmp_path / "keys").mkdir()
    for name in ("gateway.key", "gateway.secret"):
        (tmp_path / "keys" / name).write_text(name)
        (tmp_path / "keys" / name).chmod(0o600)
    head, tail = EXAMPLE.read_text().split("# Hosts of your own")
    rest = tail.split("\n", 1)[1]
    path = tmp_path / "full.toml"
    path.write_text(SETTING.sub(r"\1 = ", head) + re.sub(r"^# ", "", rest, flags=re.MULTILINE))
    assert [spec.venue for spec in load(path).accounts] == ["bybit", "bybit@gateway.example"]


def test_the_collect_table_is_the_collector_s_own_vocabulary() -> None:
    theirs = {field.name: field.default for field in msgspec.structs.fields(CollectSettings)}
    for field in msgspec.structs.fields(CollectTable):
        assert theirs[field.name] == field.default
    CollectSettings(share_of_limit=0.3, **msgspec.structs.asdict(CollectTable()))


def test_service_settings_take_the_defaults_of_the_table() -> None:
    table = {field.name: field.default for field in msgspec.structs.fields(SECTIONS["service"])}
    for field in msgspec.structs.fields(ServiceSettings):
        default = field.default
        assert table[field.name] == (str(default) if isinstance(default, Path) else default)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("127.8.8.8", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("desk.example", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_danger_is_looked_at_at_least_as_often_as_calm(write) -> None:
    with pytest.raises(
        ConfigError, match=r":\d+: \[risk\] distance_every_s \(9\) must not exceed distance_calm_every_s"
    ):
        load(write("[risk]\ndistance_every_s = 9.0\n"))
    with pytest.raises(ConfigError, match=r":\d+: \[risk\] danger_usage: "):
        load(write("[risk]\ndanger_usage = 1.5\n"))
