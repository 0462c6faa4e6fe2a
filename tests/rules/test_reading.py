"""Rules out of their tables: what is right is taken whole, what is wrong is told with line, key and remedy."""

from pathlib import Path

import pytest
from tests.rules.scene import BTCUSDT, Scene, position

from marginwatch.errors import ConfigError
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.rules.definition import Step
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import GUIDES, default_rules, rule_file
from marginwatch.rules.vocabulary import FIGURES, LABELS, placeholders_of

USAGE = 'measure = "account.maintenance_margin_usage"'


def read(tmp_path: Path, *lines: str):
    """Return the rules of a file that begins with ``[[rule]]`` in its first line."""
    file = tmp_path / "rules.toml"
    file.write_text("\n".join(("[[rule]]", *lines)) + "\n")
    return rule_file(file)


def refused(tmp_path: Path, *lines: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, *lines)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_a_rule_says_all_that_it_can_say(tmp_path: Path) -> None:
    (rule,) = read(
        tmp_path,
        'name = "own"',
        USAGE,
        "steps = [",
        '  { severity = "warning", above = 0.4, clear_below = 0.35 },',
        '  { severity = "critical", above = 0.6 },',
        "]",
        'for = "10s"',
        'keep_firing_for = "1m30s"',
        'repeat_every = "2h"',
        'only = ["tag=neutral", "account!~test-.*"]',
        "at_least = { n_positions = 2, gross_exposure_usd = 1000 }",
        'labels = { team = "arb" }',
        'route = "night"',
        'message = "{account} of {team}: {value}, {distance}"',
        'action = "Call."',
        'suppresses = ["single-position"]',
        "watch_missing = false",
    )
    assert rule.name == "own"
    assert rule.side == "above"
    assert rule.steps == (
        Step(severity=Severity.WARNING, bound=0.4, clear=0.35),
        Step(severity=Severity.CRITICAL, bound=0.6, clear=0.6),
    )
    assert (rule.for_s, rule.keep_firing_for_s, rule.repeat_every_s) == (10.0, 90.0, 7_200.0)
    assert rule.only == (Matcher("tag", "neutral"), Matcher("account", "test-.*", True, True))
    assert rule.at_least == {"n_positions": 2.0, "gross_exposure_usd": 1_000.0}
    assert rule.labels == {"team": "arb", "suppresses": ",single-position,"}
    assert rule.route == "night"
    assert rule.suppresses == ("single-position",)
    assert not rule.is_watching_unknown
    assert rule.origin.endswith("rules.toml:1")


def test_the_short_form_is_a_ladder_of_one_step(tmp_path: Path) -> None:
    (rule,) = read(
        tmp_path, 'name = "low"', 'measure = "account.equity_usd"', "below = 5000", "clear_above = 5500"
    )
    assert rule.side == "below"
    assert rule.steps == (Step(severity=Severity.WARNING, bound=5_000.0, clear=5_500.0),)
    assert (rule.change_over_s, rule.for_s, rule.repeat_every_s) == (None, 0.0, None)
    assert rule.is_watching_unknown


def test_rules_that_only_inform_leave_missing_data_to_others(tmp_path: Path) -> None:
    (rule,) = read(tmp_path, 'name = "own"', USAGE, "above = 0.1", 'severity = "info"')
    assert not rule.is_watching_unknown


def test_a_change_may_fall_where_its_measure_cannot(tmp_path: Path) -> None:
    (rule,) = read(
        tmp_path,
        'name = "own"',
        'measure = "asset.price"',
        "below = -0.1",
        'change_over = "1h"',
        "relative = true",
    )
    assert (rule.change_over_s, rule.is_relative, rule.steps[0].bound) == (3_600.0, True, -0.1)


REFUSED = {
    "unknown key": (
        ('name = "own"', USAGE, "abov = 0.5"),
        "rules.toml:4: [[rule]] has no key 'abov'; did you mean 'above'?",
    ),
    "no measure": (('name = "own"', "above = 1"), "rules.toml:1: [[rule]] lacks 'measure'"),
    "unknown measure": (
        ('name = "own"', 'measure = "account.maintenance_margin_usge"', "above = 0.5"),
        (
            "rules.toml:3: [[rule]] there is no measure 'account.maintenance_margin_usge'; "
            "did you mean 'account.maintenance_margin_usage'?"
        ),
    ),
    "measure of another scope": (
        ('name = "own"', 'measure = "desk.effective_leverage"', "above = 0.5"),
        "rules.toml:3: [[rule]] there is no measure 'desk.effective_leverage'; there is account.effective_leverage",
    ),
    "no bound": (
        ('name = "own"', USAGE),
        "rules.toml:1: [[rule]] has neither above, below nor steps; give one of above and below, or steps",
    ),
    "both bounds": (
        ('name = "own"', USAGE, "above = 0.5", "below = 0.2"),
        "rules.toml:4: [[rule]] has both above and below; give one of above and below, or steps",
    ),
    "text for a number": (
        ('name = "own"', USAGE, 'above = "0.5"'),
        (
            "rules.toml:4: [[rule]] above: Expected `float | null`, got `str`; "
            "write a number without quotes or signs, such as above = 0.5"
        ),
    ),
    "never crossed": (
        ('name = "own"', 'measure = "account.hedge_ratio"', "above = 1"),
        "rules.toml:4: [[rule]] above = 1 can never be crossed: account.hedge_ratio is at most 1",
    ),
    "percent for a fraction": (
        ('name = "own"', 'measure = "account.hedge_ratio"', "above = 90"),
        (
            "rules.toml:4: [[rule]] above = 90 can never be crossed: account.hedge_ratio is at most 1; "
            "it is a fraction: 90 % is 0.9"
        ),
    ),
    "never below": (
        ('name = "own"', 'measure = "account.liquidation_distance"', "below = 0"),
        "rules.toml:4: [[rule]] below = 0 can never be crossed: account.liquidation_distance is at least 0",
    ),
    "always crossed": (
        ('name = "own"', 'measure = "account.hedge_ratio"', "above = -0.5"),
        "rules.toml:4: [[rule]] above = -0.5 is always crossed: account.hedge_ratio is at least 0",
    ),
    "always below": (
        ('name = "own"', 'measure = "account.hedge_ratio"', "below = 60"),
        (
            "rules.toml:4: [[rule]] below = 60 is always crossed: account.hedge_ratio is at most 1; "
            "it is a fraction: 60 % is 0.6"
        ),
    ),
    "never cleared": (
        ('name = "own"', USAGE, "above = 0.5", "clear_below = -0.1"),
        "rules.toml:5: [[rule]] clear_below = -0.1 is never reached: account.maintenance_margin_usage is at least 0",
    ),
    "never cleared from below": (
        ('name = "own"', 'measure = "account.hedge_ratio"', "below = 0.5", "clear_above = 1.1"),
        "rules.toml:5: [[rule]] clear_above = 1.1 is never reached: account.hedge_ratio is at most 1",
    ),
    "magnitude is never below 0": (
        ('name = "own"', 'measure = "account.net_exposure_usd"', "below = -1", "magnitude = true"),
        "rules.toml:4: [[rule]] below = -1 can never be crossed: account.net_exposure_usd is at least 0",
    ),
    "clear on the wrong side": (
        ('name = "own"', USAGE, "above = 0.5", "clear_below = 0.6"),
        (
            "rules.toml:5: [[rule]] clear_below = 0.6 is above the bound of 0.5: it would clear while it is crossed; "
            "put it on the other side"
        ),
    ),
    "clear of the other side": (
        ('name = "own"', USAGE, "above = 0.5", "clear_above = 0.4"),
        "rules.toml:5: [[rule]] clear_above does not go with above; write clear_below",
    ),
    "ladder that does not rise": (
        (
            'name = "own"',
            USAGE,
            'steps = [{ severity = "warning", above = 0.5 }, { severity = "high", above = 0.5 }]',
        ),
        "rules.toml:4: [[rule]] steps: 0.5 follows 0.5; bounds must rise from step to step",
    ),
    "ladder of falling severity": (
        (
            'name = "own"',
            USAGE,
            'steps = [{ severity = "high", above = 0.5 }, { severity = "warning", above = 0.7 }]',
        ),
        "rules.toml:4: [[rule]] steps: warning follows high; severities must rise from step to step",
    ),
    "ladder on both sides": (
        (
            'name = "own"',
            USAGE,
            'steps = [{ severity = "warning", above = 0.5 }, { severity = "high", below = 0.7 }]',
        ),
        "rules.toml:4: [[rule]] steps: all of them must be above, or all below",
    ),
    "worse step left after a milder one": (
        (
            'name = "own"',
            USAGE,
            'steps = [{ severity = "warning", above = 0.5, clear_below = 0.4 },',
            '{ severity = "high", above = 0.7, clear_below = 0.3 }]',
        ),
        "rules.toml:4: [[rule]] steps: clear_below 0.3 follows 0.4; a worse step must not be left after a milder one",
    ),
    "key of a step": (
        ('name = "own"', USAGE, 'steps = [{ severity = "high", abov = 0.5 }]'),
        "rules.toml:4: [[rule]] steps: step 1 has no key 'abov'; did you mean 'above'?",
    ),
    "bound beside steps": (
        ('name = "own"', USAGE, "above = 0.4", 'steps = [{ severity = "high", above = 0.5 }]'),
        "rules.toml:4: [[rule]] above stands beside steps; it belongs into one of them",
    ),
    "severity": (
        ('name = "own"', USAGE, "above = 0.5", 'severity = "urgent"'),
        "rules.toml:5: [[rule]] severity: Invalid enum value 'urgent'",
    ),
    "duration": (
        ('name = "own"', USAGE, "above = 0.5", 'for = "10"'),
        "rules.toml:5: [[rule]] for: '10' is no duration; write one such as 30s, 5m, 1h30m or 2d",
    ),
    "repeated without end": (
        ('name = "own"', USAGE, "above = 0.5", 'repeat_every = "0s"'),
        "rules.toml:5: [[rule]] repeat_every must be between 60 and",
    ),
    "longer than anybody lives": (
        ('name = "own"', USAGE, "above = 0.5", 'for = "99999999999d"'),
        "rules.toml:5: [[rule]] for: '99999999999d' is longer than ten years; write at most 3650d",
    ),
    "pattern that never ends": (
        ('name = "own"', USAGE, "above = 0.5", 'only = ["account=~(a+)+b"]'),
        "rules.toml:5: [[rule]] only: 'account=~(a+)+b': '(a+)+b' repeats a group with repeats",
    ),
    "label that cannot be shown": (
        ('name = "own"', USAGE, "above = 0.5", 'labels = { team = "a\\u0000b" }'),
        "rules.toml:5: [[rule]] labels: team = 'a\\x00b' must be printable",
    ),
    "relative without a change": (
        ('name = "own"', USAGE, "above = 0.5", "relative = true"),
        'rules.toml:5: [[rule]] relative is about a change; say over which time: change_over = "5m"',
    ),
    "change over too long a time": (
        ('name = "own"', USAGE, "above = 0.5", 'change_over = "2d"'),
        "rules.toml:5: [[rule]] change_over must be longer than 0 s and at most 1d",
    ),
    "no matcher": (
        ('name = "own"', USAGE, "above = 0.5", 'only = ["neutral"]'),
        "rules.toml:5: [[rule]] only: 'neutral' is no matcher; write label=value",
    ),
    "label that subjects do not have": (
        ('name = "own"', 'measure = "asset.concentration"', "above = 0.5", 'only = ["tag=neutral"]'),
        "rules.toml:5: [[rule]] only: subjects of scope asset have asset, not 'tag'",
    ),
    "floor of another scope": (
        ('name = "own"', 'measure = "asset.concentration"', "above = 0.5", "at_least = { equity_usd = 1 }"),
        "rules.toml:5: [[rule]] at_least: there is no measure asset.equity_usd",
    ),
    "floor beyond reach": (
        ('name = "own"', USAGE, "above = 0.5", "at_least = { hedge_ratio = 2 }"),
        "rules.toml:5: [[rule]] at_least: hedge_ratio never exceeds 1, so the rule would never fire",
    ),
    "label of the subject": (
        ('name = "own"', USAGE, "above = 0.5", 'labels = { account = "x" }'),
        "rules.toml:5: [[rule]] labels: 'account' is given by the subject; take another name",
    ),
    "placeholder": (
        ('name = "own"', USAGE, "above = 0.5", 'message = "{acount} at {value}"'),
        "rules.toml:5: [[rule]] message: there is no placeholder {acount} for account; did you mean 'account'?",
    ),
    "placeholder of another scope": (
        ('name = "own"', USAGE, "above = 0.5", 'action = "Cut {symbol}."'),
        "rules.toml:5: [[rule]] action: there is no placeholder {symbol} for account",
    ),
    "name": (
        ('name = "a|b"', USAGE, "above = 0.5"),
        (
            "rules.toml:2: [[rule]] name: Expected `str` matching regex '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'; "
            "give it 1 to 64 letters, digits, '-', '_' and '.', the first a letter or a digit"
        ),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_is_told_with_line_key_and_remedy(what: str, tmp_path: Path) -> None:
    lines, wanted = REFUSED[what]
    assert refused(tmp_path, *lines).startswith(wanted)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = refused(
        tmp_path,
        'name = "first"',
        USAGE,
        "above = 2000",
        "[[rule]]",
        'name = "second"',
        'measure = "nothing"',
        "[[rule]]",
        'name = "third"',
        USAGE,
        "above = 0.5",
        "[[rule]]",
        'name = "third"',
        USAGE,
        "above = 0.5",
    )
    assert [line.split(": ")[0] for line in told.splitlines()] == [
        "rules.toml:4",
        "rules.toml:7",
        "rules.toml:13",
    ]
    assert "name 'third' is given twice" in told


def test_more_rules_than_anybody_writes_are_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    rule = '[[rule]]\nname = "r{}"\nmeasure = "account.drawdown"\nabove = 0.1\n'
    file.write_text("".join(rule.format(number) for number in range(1_001)))
    with pytest.raises(ConfigError, match=r"rules.toml:4001: more than 1000 rules; take steps"):
        rule_file(file)


def test_a_name_that_no_file_can_have_is_told() -> None:
    with pytest.raises(ConfigError, match="cannot read this rule file: embedded null byte; name an existing"):
        rule_file("a\0b")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot read this rule file"):
        rule_file(tmp_path / "none.toml")


def test_the_rules_that_come_along_are_read_like_any_other() -> None:
    assert len({rule.name for rule in (*default_rules(), *rule_file(GUIDES))}) == 57
    assert all(rule.measure in MEASURES for rule in default_rules())


def test_labels_and_figures_named_are_those_that_subjects_have() -> None:
    scene = Scene(heavy=("distance",))
    spec = {"desk": "d", "owner": "o", "tags": ("x",)}
    scene.hold("a", position(BTCUSDT, 1, "50050", adl_rank=3, liquidation_price="40000"), cash=9e3, **spec)
    scene.look()
    source = scene.source()
    for scope, known in LABELS.items():
        subjects = source.subjects(scope)
        rows = [row for row, identity in enumerate(subjects.identities.tolist()) if identity]
        for row in rows:
            assert set(subjects.labels(row)) <= set(known)
            assert set(subjects.context(row)) <= set(FIGURES[scope])
        if scope in ("account", "position", "venue", "desk", "tag"):
            assert any(set(subjects.labels(row)) == set(known) for row in rows)
        assert set(known) <= set(placeholders_of(scope))
    found = source.subjects("account").context(scene.code("a"))
    assert {"usage", "distance", "direction", "btc_price", "worst", "equity"} <= found.keys()
