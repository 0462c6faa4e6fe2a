"""Configuration of notification: what is right becomes a setup, what is wrong names file, line, key and fix."""

import os
import re
import textwrap
from pathlib import Path

import pytest

from marginwatch.config.loader import load
from marginwatch.config.table import Complaints
from marginwatch.errors import ConfigError
from marginwatch.model.severity import Severity
from marginwatch.notify.reading import read_notification

ACCOUNT = """
[[account]]
id = "mm"
venue = "bybit"
api_key = "env:N1_KEY"
api_secret = "env:N1_SECRET"
"""

CHANNELS = """
[[channel]]
name = "file"
type = "inbox"
path = "inbox.txt"

[[channel]]
name = "hook"
type = "webhook"
secret_url = "env:N1_HOOK"
signing_key = "file:signing"
headers = { Authorization = "env:N1_HEADER" }
min_severity = "high"
language = "zh"
timezone = "Asia/Shanghai"
messages_per_minute = 30
fall_over_to = "file"
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return what reads a configuration and, as text, what is wrong with it."""
    secrets = {"N1_KEY": "k", "N1_SECRET": "s", "N1_HOOK": "https://h.test/t0ken", "N1_HEADER": "Bearer b3ar"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "signing").write_text("s1gn")
    (tmp_path / "signing").chmod(0o600)
    path = tmp_path / "x.toml"

    def read(text):
        path.write_text(ACCOUNT + textwrap.dedent(text))
        config = load(path)
        complaints = Complaints(config.path, config.lines)
        setup = read_notification(complaints, config, tmp_path)
        complaints.raise_if_any()
        return setup

    return read


def wrong(read, text):
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


def line_of(text, part):
    lines = (ACCOUNT + textwrap.dedent(text)).split("\n")
    return 1 + next(number for number, line in enumerate(lines) if part in line)


def test_without_configuration_there_is_nobody_to_tell(read):
    setup = read("")
    assert dict(setup.channels) == {}
    assert setup.default_route.channels == ()
    assert setup.heartbeat_url is None


def test_channels_are_read_against_their_kinds_with_their_secrets(read):
    setup = read(CHANNELS)
    assert list(setup.channels) == ["file", "hook"]
    hook = setup.channels["hook"]
    assert {key: secret.reveal() for key, secret in hook.secrets.items()} == {
        "secret_url": "https://h.test/t0ken",
        "signing_key": "s1gn",
        "headers.Authorization": "Bearer b3ar",
    }
    assert hook.min_severity is Severity.HIGH
    assert hook.messages_per_minute == 30
    assert setup.channels["file"].messages_per_minute == setup.channels["file"].kind.messages_per_minute
    assert setup.default_route.channels == ("file", "hook")
    assert not any(part in repr(setup) for part in ("t0ken", "s1gn", "b3ar"))


def test_routes_take_their_times_from_the_alerts_table_unless_they_have_their_own(read):
    setup = read(
        CHANNELS
        + """
        [alerts]
        group_wait = "5s"
        repeat_every = "1h"
        heartbeat_url = "env:N1_HOOK"

        [[route]]
        name = "night"
        match = ["severity=critical", "desk=~market.*"]
        channels = ["hook"]
        escalate = [{ after = "5m", channels = ["file"] }, { after = "1h", channels = ["hook", "file"] }]
        group_by = ["rule"]
        group_interval = "2m"
        continue = true
        """
    )
    [route] = setup.routes
    assert (route.group_wait_s, route.group_interval_s, route.repeat_every_s) == (5, 120, 3_600)
    assert [(step.after_s, step.channels) for step in route.escalations] == [
        (300, ("file",)),
        (3_600, ("hook", "file")),
    ]
    assert [str(one) for one in route.matchers] == ["severity=critical", "desk=~market.*"]
    assert route.group_by == ("rule",)
    assert route.is_continued
    assert setup.default_route.group_wait_s == 5
    assert setup.heartbeat_url.reveal() == "https://h.test/t0ken"


def test_mutes_and_inhibitions_are_read(read):
    setup = read(
        """
        [[mute]]
        name = "nights"
        match = ["severity!=critical"]
        days = ["mon", "sun"]
        from = "22:30"
        to = "07:00"
        zone = "Asia/Bangkok"

        [[inhibit]]
        source = ["rule=a"]
        target = ["rule=b"]
        equal = ["account"]
        """
    )
    [mute], [inhibit] = setup.mutes, setup.inhibits
    assert (mute.days, mute.from_minute, mute.to_minute, mute.zone.key) == (
        frozenset({0, 6}),
        1_350,
        420,
        "Asia/Bangkok",
    )
    assert inhibit.equal == ("account",)


def test_a_disabled_channel_needs_no_secret_and_is_told_of_nowhere(read):
    setup = read(
        """
        [[channel]]
        name = "hook"
        type = "webhook"
        secret_url = "env:N1_NOT_THERE"
        enabled = false
        """
    )
    assert dict(setup.channels) == {}
    assert setup.disabled == ("hook",)


FILE = """
[[channel]]
name = "file"
type = "inbox"
path = "x"
"""


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ('[[channel]]\nname = "a"\ntype = "telegramm"', "telegramm", "did you mean 'telegram'?"),
        ('[[channel]]\nname = "a"\npath = "x"', "[[channel]]", "lacks 'type'"),
        ('[[channel]]\nname = "a"\ntype = "apprise://x"', "apprise://x", 'type = "apprise"'),
        (FILE + "pat = 3", "pat = 3", "did you mean 'path'?"),
        (FILE + 'language = "de"', "language", "known are: en, th, vi, zh"),
        (FILE + 'timezone = "Mars/Olympus"', "timezone", "Asia/Singapore"),
        (FILE + 'min_severity = "loud"', "min_severity", "info, warning, high, critical"),
        (FILE + "messages_per_minute = 0", "messages_per_minute", "greater than 0"),
        (FILE + "timeout_s = 0", "timeout_s", "greater than 0"),
        (FILE + 'fall_over_to = "fill"', "fall_over_to", "there is no channel 'fill'; did you mean 'file'?"),
        (FILE + 'fall_over_to = "file"', "fall_over_to", "falls over to itself"),
        (FILE + FILE, None, "given twice"),
        (
            '[[channel]]\nname = "h"\ntype = "webhook"\nsecret_url = "env:N1_NOT_THERE"',
            "secret_url",
            "N1_NOT_THERE is not set",
        ),
        (FILE + '[[route]]\nname = "r"\nchannels = ["fle"]', "channels =", "did you mean 'file'?"),
        (FILE + '[[route]]\nname = "r"\nchannels = []', "channels =", "names no channel"),
        (FILE + '[[route]]\nname = "default"\nchannels = ["file"]', 'name = "default"', "rename it"),
        (FILE + '[[route]]\nname = "r"\nchannels = ["file"]\nmatch = ["x"]', "match =", "label=value"),
        (FILE + '[[route]]\nname = "r"\nchannels = ["file"]\nmach = []', "mach", "did you mean 'match'?"),
        (FILE + '[[route]]\nname = "r"\nchannels = ["file"]\ngroup_wait = "5"', "group_wait", "30s, 5m"),
        (
            FILE + '[[route]]\nname = "r"\nchannels = ["file"]\nrepeat_every = "1s"',
            "repeat_every",
            "between 60",
        ),
        (FILE + '[[route]]\nname = "r"\nchannels = ["file"]\ngroup_by = ["A B"]', "group_by", "no label"),
        (
            FILE + '[[route]]\nname = "r"\nchannels = ["file"]\nescalate = [{ after = "5m" }]',
            "escalate",
            "lacks 'channels'",
        ),
        (
            FILE
            + '[[route]]\nname = "r"\nchannels = ["file"]\nescalate = [{ after = "5m", channels = ["file"] },'
            + ' { after = "1m", channels = ["file"] }]',
            "escalate",
            "must be later",
        ),
        ('[[mute]]\nname = "m"\nmatch = []', "match =", "at least one condition"),
        ('[[mute]]\nname = "m"\nmatch = ["a=b"]\nfrom = "25:00"', "from =", "22:30"),
        ('[[mute]]\nname = "m"\nmatch = ["a=b"]\ndays = ["monday"]', "days", "did you mean 'mon'?"),
        ('[[mute]]\nname = "m"\nmatch = ["a=b"]\nzone = "x"', "zone", "Asia/Singapore"),
        ('[[inhibit]]\nsource = []\ntarget = ["a=b"]', "source", "at least one condition"),
        ('[[inhibit]]\nsource = ["a=b"]', "[[inhibit]]", "lacks 'target'"),
        ('[alerts]\nheartbeat_url = "env:N1_KEY"', "heartbeat_url", "must begin with https://"),
    ],
)
def test_what_is_wrong_names_line_key_and_fix(read, text, at, said):
    message = wrong(read, text)
    assert said in message
    if at is not None:
        assert f"x.toml:{line_of(text, at)}: " in message


def test_a_circle_of_channels_is_refused_wherever_it_begins(read):
    text = "".join(
        f'[[channel]]\nname = "{name}"\ntype = "inbox"\npath = "x"\nfall_over_to = "{target}"\n'
        for name, target in (("a", "b"), ("b", "c"), ("c", "b"))
    )
    message = wrong(read, text)
    assert message.count("falls over to itself") == 2


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(read):
    message = wrong(
        read, '[[channel]]\nname = "h"\ntype = "webhook"\nsecret_url = "https://h.test/T0kenOfMine"\n'
    )
    assert "secret_url" in message
    assert "T0kenOfMine" not in message


def test_a_channel_that_falls_over_to_a_disabled_one_is_refused(read):
    text = (
        FILE
        + 'fall_over_to = "off"\n[[channel]]\nname = "off"\ntype = "inbox"\npath = "y"\nenabled = false\n'
    )
    assert "'off' is disabled" in wrong(read, text)


def test_a_route_whose_channels_are_all_disabled_is_refused(read):
    text = (
        '[[channel]]\nname = "off"\ntype = "inbox"\npath = "y"\nenabled = false\n'
        '[[route]]\nname = "r"\nchannels = ["off"]\n'
    )
    assert "every channel named here is disabled" in wrong(read, text)
    assert os.environ["N1_KEY"] == "k"


def test_the_page_about_notifying_shows_a_configuration_that_works(read, monkeypatch):
    monkeypatch.setenv("TELEGRAM_TOKEN", "123456:abc")
    page = (Path(__file__).resolve().parents[2] / "docs" / "notifying.md").read_text()
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    setup = read(example)
    assert list(setup.channels) == ["night-phone", "mail"]
    assert [route.name for route in setup.routes] == ["urgent"]
    assert (len(setup.mutes), len(setup.inhibits)) == (1, 1)
