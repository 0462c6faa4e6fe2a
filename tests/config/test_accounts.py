import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from marginwatch.config import load
from marginwatch.errors import ConfigError

Write = Callable[..., Path]


def table(**given: str) -> str:
    """Return one ``[[account]]``; values are TOML, None-like ``""`` leaves a key out."""
    keys = {
        "id": '"b"',
        "venue": '"bybit"',
        "environment": '"demo"',
        "api_key": '"env:MW_KEY_B"',
        "api_secret": '"env:MW_SECRET"',
    } | given
    return "[[account]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value)


@pytest.fixture(autouse=True)
def second_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MW_KEY_B", "another-key")


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_every_key_arrives(write: Write) -> None:
    text = table(
        passphrase='"env:MW_SECRET"',
        owner='"fund-1"',
        desk='"mm"',
        tags='["x", "y", "x"]',
        uid="1234567",
        allow_unsafe_key="true",
        topics='"categorised"',
        enabled="false",
    )
    [spec] = load(write(text, account=False)).accounts
    assert (spec.owner, spec.desk, spec.tags, spec.uid) == ("fund-1", "mm", ("x", "y"), "1234567")
    assert (spec.allow_unsafe_key, spec.topics, spec.is_enabled) == (True, "categorised", False)
    assert spec.passphrase is not None
    assert load(write(table(uid='"99"'), account=False)).accounts[0].uid == "99"


def test_environment_defaults_to_live(write: Write) -> None:
    assert load(write(table(environment=""), account=False)).accounts[0].venue == "bybit"


def test_urls_with_a_base_or_a_table_of_public_streams(write: Write) -> None:
    urls = '{ rest = "http://127.0.0.1:81/", private = "ws://127.0.0.1:82/p", public = "ws://127.0.0.1:83/v5/public" }'
    [spec] = load(write(table(environment="", urls=urls), account=False)).accounts
    assert spec.venue == "bybit@127.0.0.1:81"
    assert spec.endpoints.rest == "http://127.0.0.1:81"
    assert spec.endpoints.public["option"] == "ws://127.0.0.1:83/v5/public/option"
    text = table(environment="") + textwrap.dedent(
        """
        [account.urls]
        rest = "https://gate"
        private = "wss://gate/p"
        [account.urls.public]
        linear = "wss://gate/linear"
        """
    )
    assert load(write(text, account=False)).accounts[0].endpoints.public == {"linear": "wss://gate/linear"}


RIGHT = 'rest = "http://h", private = "ws://h", '


@pytest.mark.parametrize(
    ("given", "line", "parts"),
    [
        ({"venue": '"bybt"'}, 3, ["unknown venue 'bybt'", "did you mean 'bybit'"]),
        ({"environment": '"tesnet"'}, 4, ["no environment 'tesnet'", "did you mean 'testnet'"]),
        ({"urls": "{ " + RIGHT + 'public = "ws://h" }'}, 7, ["exclude each other"]),
        ({"environment": "", "urls": '{ rest = "http://h" }'}, 6, ["urls lacks 'private'"]),
        ({"environment": "", "urls": "{ " + RIGHT + "public = {} }"}, 6, ["urls.public"]),
        ({"environment": "", "urls": "{ " + RIGHT + 'public = { liner = "ws://h" } }'}, 6, ["'linear'"]),
        (
            {"environment": "", "urls": '{ rest = "ftp://h", private = "ws://h", public = "ws://h" }'},
            6,
            ["https://"],
        ),
        (
            {"environment": "", "urls": '{ rest = "http://", private = "ws://h", public = "ws://h" }'},
            6,
            ["urls.rest"],
        ),
        (
            {"environment": "", "urls": '{ rest = "http://h:x", private = "ws://h", public = "ws://h" }'},
            6,
            ["not a URL"],
        ),
        (
            {"environment": "", "urls": '{ rest = 1, private = "ws://h", public = "ws://h" }'},
            6,
            ["in quotes"],
        ),
        ({"api_key": ""}, 1, ["lacks 'api_key'"]),
        ({"api_key": '"literal"'}, 5, ["api_key", "env:NAME"]),
        ({"api_key": "12345"}, 5, ["got `int`"]),
        ({"id": '"a/b"'}, 2, ["'/'"]),
        ({"id": '""'}, 2, ["id"]),
        ({"uid": "true"}, 7, ["uid"]),
        ({"topics": '"all"'}, 7, ["all-in-one"]),
        ({"tags": '"x"'}, 7, ["tags"]),
        ({"dsk": '"x"'}, 7, ["did you mean 'desk'"]),
    ],
)
def test_each_error_is_placed(write: Write, given: dict[str, str], line: int, parts: list[str]) -> None:
    path = write(table(**given), account=False)
    message = complaint(path)
    assert message.startswith(f"{path}:{line}: ")
    assert "\n" not in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize("line", ['desk = "d\\u001b[31m"', 'owner = "o\\nx"', 'tags = ["fine", "t\\u202e"]'])
def test_names_that_would_steer_a_terminal_are_refused(write: Write, account: str, line: str) -> None:
    with pytest.raises(ConfigError, match="must be printable"):
        load(write(f"{account}\n{line}\n"))


def test_a_literal_secret_is_not_repeated(write: Write) -> None:
    assert "S3cr3tS3cr3t" not in complaint(write(table(api_secret='"S3cr3tS3cr3t"'), account=False))


def test_a_password_in_a_url_is_refused_and_not_repeated(write: Write) -> None:
    urls = '{ rest = "http://me:pa55@h", private = "ws://h", public = "ws://h" }'
    message = complaint(write(table(environment="", urls=urls), account=False))
    assert "user name or a password" in message
    assert "pa55" not in message


def test_an_id_given_twice_names_both_lines(write: Write) -> None:
    path = write(table(id='"main"', api_key='"env:MW_KEY_B"'))
    message = complaint(path)
    assert message.startswith(f"{path}:9: ")
    assert f"first at {path}:2" in message


def test_one_key_for_two_accounts_is_refused_and_not_repeated(write: Write) -> None:
    message = complaint(write(table(api_key='"env:MW_KEY"')))
    assert "give each account a key of its own" in message
    assert "the-key-itself" not in message


def test_a_missing_secret_refuses_that_account_alone(write: Write) -> None:
    config = load(write(table(api_key='"env:MW_ABSENT"', desk='"mm"')))
    assert [spec.account_id for spec in config.accounts] == ["main"]
    [refused] = config.refused
    assert (refused.spec.account_id, refused.spec.desk) == ("b", "mm")
    assert "MW_ABSENT is not set" in refused.reason
    assert ":5: api_key" in refused.reason
    assert refused.spec.api_secret.reveal() == ""


def test_if_no_account_has_its_secrets_nothing_starts(write: Write) -> None:
    message = complaint(write(table(api_key='"env:MW_ABSENT"'), account=False))
    assert "MW_ABSENT is not set" in message


def test_a_disabled_account_needs_no_secrets(write: Write) -> None:
    config = load(write(table(api_key='"env:MW_ABSENT"', enabled="false")))
    assert [(spec.account_id, spec.is_enabled) for spec in config.accounts] == [("b", False), ("main", True)]
    assert config.refused == ()


def test_a_secret_file_that_others_may_read_is_a_warning_with_its_line(write: Write, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    (tmp_path / "key").chmod(0o644)
    path = write(table(api_key='"file:key"'))
    [warning] = load(path).warnings
    assert warning.startswith(f"{path}:5: ")
    assert "chmod 600" in warning
