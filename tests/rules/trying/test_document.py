"""Files of trials: what is wrong names line, key and remedy; what is right is tried."""

from pathlib import Path

import pytest

from marginwatch.errors import ConfigError
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules, rule_file
from marginwatch.rules.trying.document import read_trial
from marginwatch.rules.trying.trial import run

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.toml"))

RULE = """
[[rule]]
name = "usage"
measure = "account.maintenance_margin_usage"
above = 0.5
"""
SERIES = """
[[series]]
measure = "account.maintenance_margin_usage"
subject = "mm-1"
values = "0.4x3 0.6x3"
"""
EXPECT = """
[[expect]]
at = "3m"
rule = "usage"
subject = "mm-1"
state = "firing"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "trial.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_of_the_documents_hold(path: Path) -> None:
    trial = read_trial(path, MEASURES)
    assert trial.expectations
    assert run(trial, MEASURES).mismatches == ()


def test_rules_of_the_file_alone_or_with_others(tmp_path: Path) -> None:
    assert [one.name for one in read_trial(written(tmp_path, RULE + SERIES), MEASURES).rules] == ["usage"]
    assert read_trial(written(tmp_path, SERIES), MEASURES).rules == default_rules()
    (tmp_path / "own.toml").write_text(RULE.replace('"usage"', '"other"'))
    both = read_trial(written(tmp_path, 'rules = ["guides", "own.toml"]' + RULE + SERIES), MEASURES)
    assert [one.name for one in both.rules] == [*(one.name for one in rule_file("guides")), "other", "usage"]


def test_a_rule_of_the_file_replaces_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(RULE.replace("0.5", "0.9"))
    [one] = read_trial(written(tmp_path, 'rules = "own.toml"' + RULE + SERIES), MEASURES).rules
    assert one.steps[0].bound == 0.5


def test_values_may_be_a_list(tmp_path: Path) -> None:
    text = RULE + SERIES.replace('"0.4x3 0.6x3"', '[0.4, "0.5x2", "_", 1]')
    [one] = read_trial(written(tmp_path, text), MEASURES).series
    assert one.points == (0.4, 0.5, 0.5, 3, 1.0)  # 3 is the answer "missing"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (RULE, ["there is no [[series]]"]),
        ("seris = 1" + SERIES, [":1: there is no table or key 'seris'; did you mean 'series'?"]),
        (SERIES.replace("values", "value"), [":5: [[series]] has no key 'value'; did you mean 'values'?"]),
        (SERIES.replace("0.6x3", "stale"), [":5: [[series]] values: 'stale' is no part of a series"]),
        (SERIES.replace('"0.4x3 0.6x3"', '""'), [":5: [[series]] values: there are none"]),
        (
            SERIES.replace("maintenance_margin_usage", "maintenance_usage"),
            [":3: ", "there is no measure", "did you mean"],
        ),
        (SERIES + SERIES, [":7: ", "is there already", "trial.toml:2"]),
        ('interval = "often"' + RULE + SERIES, [":1: interval: 'often' is no duration; write one such as"]),
        ("interval = 60" + RULE + SERIES, [':1: interval must be a text such as "1m"']),
        ("rules = 5" + SERIES, [":1: rules must be 'default', 'guides', a file name"]),
        ('rules = "absent.toml"' + SERIES, ["absent.toml: cannot read this rule file"]),
        (RULE + RULE + SERIES, ["'usage' is given twice"]),
        (RULE + SERIES + EXPECT.replace("firing", "loud"), [":16: [[expect]] state: ", "known are: "]),
        (
            RULE + SERIES + EXPECT.replace('state = "firing"', ""),
            [":12: [[expect]] expects nothing; add state"],
        ),
        (RULE + SERIES + EXPECT.replace('"3m"', '"soon"'), [":13: [[expect]] at: 'soon' is no duration"]),
        (
            RULE + SERIES + EXPECT.replace('"usage"', '"usagee"'),
            [":14: ", "no rule 'usagee'; did you mean 'usage'?"],
        ),
        (RULE + SERIES + EXPECT.replace('"mm-1"', '"mm-2"'), [":15: ", "for 'mm-2'; did you mean 'mm-1'?"]),
        (
            SERIES + EXPECT.replace('"usage"', '"drawdown"'),
            ["no [[series]] of account.drawdown, which drawdown judges"],
        ),
        (RULE.replace("0.5", "-1") + SERIES, [":5: "]),
    ],
)
def test_what_is_wrong_names_line_key_and_remedy(tmp_path: Path, text: str, parts: list[str]) -> None:
    (tmp_path / "own.toml").write_text(RULE)
    with pytest.raises(ConfigError) as raised:
        read_trial(written(tmp_path, text), MEASURES)
    for part in parts:
        assert part in str(raised.value)


def test_a_trial_without_end_is_refused(tmp_path: Path) -> None:
    text = 'interval = "1ms"' + RULE + SERIES + EXPECT.replace("3m", "2w")
    with pytest.raises(ConfigError, match="at most 1000000: write a longer interval"):
        read_trial(written(tmp_path, text), MEASURES)
