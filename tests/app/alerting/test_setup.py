"""Rules and ways to people, as one configuration wants them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from marginwatch.app.alerting.setup import alert_setup, rules_in_force
from marginwatch.config import Config, load
from marginwatch.errors import ConfigError
from marginwatch.model.severity import Severity
from marginwatch.rules.reading import default_rules, rule_file

ACCOUNT = """
[[account]]
id = "a"
venue = "bybit"
environment = "testnet"
api_key = "env:SETUP_KEY"
api_secret = "env:SETUP_SECRET"
"""

Loaded = Callable[..., Config]


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    monkeypatch.setenv("SETUP_KEY", "k")
    monkeypatch.setenv("SETUP_SECRET", "s")

    def make(text: str, **files: str) -> Config:
        for name, content in files.items():
            (tmp_path / f"{name}.toml").write_text(content)
        path = tmp_path / "marginwatch.toml"
        path.write_text(text + ACCOUNT)
        return load(path)

    return make


def names(config: Config) -> list[str]:
    return [rule.name for rule in rules_in_force(config)]


def test_without_configuration_the_built_in_rules_are_in_force(loaded: Loaded) -> None:
    setup = alert_setup(loaded(""))
    assert setup.rules == default_rules()
    assert not setup.notification.channels
    assert setup.rule_settings.unknown_after_s == 60.0


def test_rules_that_suppress_each_other_are_refused(loaded: Loaded) -> None:
    rule = '[[rule]]\nname = "{}"\nmeasure = "account.drawdown"\nabove = 0.1\nsuppresses = ["{}"]\n'
    circle = "".join(rule.format(*names) for names in (("one", "two"), ("two", "three"), ("three", "one")))
    with pytest.raises(ConfigError, match="which suppresses it in turn: nobody would be told"):
        alert_setup(loaded(circle))
    assert alert_setup(loaded(rule.format("one", "two") + rule.format("two", "drawdown")))


def test_built_in_rules_can_be_switched_off_one_by_one_or_all(loaded: Loaded) -> None:
    assert set(names(loaded(""))) - set(names(loaded('[alerts]\ndisable = ["own-lag"]\n'))) == {"own-lag"}
    assert names(loaded("[alerts]\ndefault_rules = false\n")) == []


def test_a_rule_of_a_known_name_replaces_it_wherever_it_comes_from(loaded: Loaded) -> None:
    rule = (
        '[[rule]]\nname = "{}"\nmeasure = "account.maintenance_margin_usage"\nabove = {}\nseverity = "info"\n'
    )
    config = loaded(
        '[alerts]\nrule_files = ["desk.toml", "guides"]\n' + rule.format("maintenance-margin", 0.3),
        desk=rule.format("maintenance-margin", 0.2) + rule.format("own", 0.1),
    )
    found = {one.name: one for one in rules_in_force(config)}
    assert [step.bound for step in found["maintenance-margin"].steps] == [0.3]
    assert [step.bound for step in found["own"].steps] == [0.1]
    assert {one.name for one in rule_file("guides")} <= set(found)
    assert len(found) == len(default_rules()) + 1 + len(rule_file("guides"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[alerts]\ndisable = ["own-lagg"]\n', ["marginwatch.toml:2", "own-lagg", "did you mean 'own-lag'"]),
        ('[alerts]\nrule_files = ["gone.toml"]\n', ["marginwatch.toml:2", "gone.toml", "No such file"]),
        (
            '[[rule]]\nname = "x"\nmeasure = "account.maintenance_margin_usage"\nabove = 0.5\nroute = "nights"\n',
            ["'x'", "'nights'", "default"],
        ),
        ('[alerts]\nunknown_after = "soon"\n', ["marginwatch.toml:2", "soon", "such as 30s"]),
        ('[alerts]\nday_zone = "Mars/Base"\n', ["marginwatch.toml:2", "Mars/Base", "Asia/Singapore"]),
        ('[alerts]\npublic_url = "risk.example"\n', ["marginwatch.toml:2", "risk.example", "https://"]),
        ('[alerts]\nrepeat_every = "1s"\n', ["marginwatch.toml:2", "between 60"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_remedy(
    loaded: Loaded, text: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        alert_setup(loaded(text))
    for part in parts:
        assert part in str(caught.value)


def test_settings_of_the_file_arrive(loaded: Loaded) -> None:
    setup = alert_setup(
        loaded('[alerts]\nunknown_after = "5m"\nunknown_severity = "high"\nday_zone = "Asia/Kolkata"\n')
    )
    assert setup.rule_settings.unknown_after_s == 300.0
    assert setup.rule_settings.unknown_severity is Severity.HIGH
    assert setup.day_zone == "Asia/Kolkata"
