from collections.abc import Callable
from pathlib import Path

import pytest

from marginwatch.config import load, load_watched
from marginwatch.config.loader import load_service
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret

Write = Callable[..., Path]


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_an_account_and_defaults(write: Write, tmp_path: Path) -> None:
    config = load(write(""))
    [spec] = config.accounts
    assert (spec.account_id, spec.exchange, spec.venue) == ("main", "bybit", "bybit-testnet")
    assert spec.api_key.reveal() == "the-key-itself"
    assert spec.endpoints.rest == "https://api-testnet.bybit.com"
    assert (config.service.host, config.service.port) == ("127.0.0.1", 8600)
    assert config.service.store == tmp_path / "marginwatch-data" / "marginwatch.sqlite"
    assert config.limits.share_of_limit == 0.30
    assert config.limits.ban_wait_s == 600.0
    assert (config.prices.mark_stale_s, config.prices.mark_unknown_s) == (10.0, 30.0)
    assert (config.collect.poll_s, config.collect.reconcile_s) == (5.0, 60.0)
    assert (config.refused, config.warnings) == ((), ())


def test_the_secrets_print_nowhere(write: Write) -> None:
    assert "itself" not in repr(load(write("")))


def test_whole_numbers_do_for_seconds_and_everything_given_arrives(write: Write) -> None:
    config = load(
        write(
            """
            [service]
            port = 0
            log_format = "json"
            [limits]
            share_of_limit = 1
            ban_wait_s = 20
            [collect]
            poll_s = 7
            websocket_library = "websockets"
            [[rule]]
            name = "x"
            above = 0.7
            [[channel]]
            name = "phone"
            """
        )
    )
    assert (config.service.port, config.service.log_format) == (0, "json")
    assert (config.limits.share_of_limit, config.collect.poll_s) == (1.0, 7.0)
    assert config.limits.ban_wait_s == 20.0
    assert config.collect.websocket_library == "websockets"
    assert config.rules == ({"name": "x", "above": 0.7},)
    assert config.channels == ({"name": "phone"},)


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("[collect]\npol_s = 3\n", 2, ["'pol_s'", "did you mean 'poll_s'"]),
        ("[collect]\n\npoll_s = '3'\n", 3, ["[collect] poll_s", "got `str`", "poll_s = 5.0"]),
        ("[collect]\npoll_s = true\n", 2, ["got `bool`"]),
        ("[collect]\npoll_s = 0\n", 2, ["> 0"]),
        ("[collect]\npoll_s = nan\n", 2, ["> 0"]),
        ("[collect]\npoll_s = inf\n", 2, ["<= 86400"]),
        ("[collect]\nwebsocket_library = 'picow'\n", 2, ["did you mean 'picows'"]),
        ("[limits]\nshare_of_limit = 1.5\n", 2, ["share_of_limit", "<= 1"]),
        ("[prices]\nmark_stale_s = 40\n", 1, ["mark_unknown_s (30)", "mark_stale_s (40)"]),
        ("[collect]\nping_s = 30\n", 1, ["socket_alive_for_s (30)", "ping_s (30)"]),
        ("[collect]\nsocket_alive_for_s = 20\n", 2, ["socket_alive_for_s (20)", "at least 3 s"]),
        ("[servce]\nport = 1\n", 1, ["'servce'", "did you mean 'service'"]),
        ("[service]\nport = 70000\n", 2, ["65535"]),
        ("[service]\ntoken = 'abc'\n", 2, ["env:NAME"]),
        ("[service]\ntoken = 'env:MW_NO_SUCH'\n", 2, ["MW_NO_SUCH", "not set"]),
        ("[service]\ndatabase = 'env:MW_NO_SUCH'\n", 2, ["[service] database", "MW_NO_SUCH", "not set"]),
        ("[service]\ndatabase = 'env:PATH'\n", 2, ["[service] database", "postgresql://"]),
        ("[service]\ndatabase = 'data.sqlite'\n", 2, ["[service] database", "env:NAME"]),
        ("[service]\nlogin = 'never'\n", 2, ["login", "known are: always, auto"]),
        ("[service]\nsession_days = 0\n", 2, ["session_days", "default is session_days = 30"]),
        ("service = 3\n", 1, ["[service] must be a table"]),
        ("[rule]\nname = 'x'\n", 1, ["[[rule]]"]),
        ("a = = 1\n", 1, ["not valid TOML"]),
        ("[collect]\npoll_s = 1\npoll_s = 2\n", 3, ["poll_s is given twice"]),
        ("[collect]\n[collect]\n", 2, ["[collect] is given twice"]),
        ('[service]\nhost = "never closed\n', 2, ["not valid TOML"]),
    ],
)
def test_each_error_names_file_line_key_and_remedy(
    write: Write, text: str, line: int, parts: list[str]
) -> None:
    path = write(text)
    message = complaint(path)
    assert message.startswith(f"{path}:{line}: ")
    for part in parts:
        assert part in message


def test_all_errors_are_told_at_once_in_the_order_of_the_file(write: Write) -> None:
    lines = complaint(write("[collect]\npoll_s = 0\n[limits]\nx = 1\n[[account]]\nid = 'b'\n")).split("\n")
    assert [line.split(":")[1] for line in lines] == ["2", "4", "5", "5", "5"]


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_an_unreadable_file_is_named(tmp_path: Path, name: str) -> None:
    assert "cannot read the configuration" in complaint(tmp_path / name)


def test_bytes_that_are_no_text_are_placed(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_bytes(b"[service]\nhost = '\xff'\n")
    assert complaint(path).startswith(f"{path}:2: not UTF-8")


def test_windows_line_ends_and_a_byte_order_mark_are_taken(write: Write, account: str) -> None:
    path = write("")
    path.write_bytes(b"\xef\xbb\xbf" + account.replace("\n", "\r\n").encode())
    assert load(path).accounts[0].account_id == "main"


def test_no_account_is_an_error(write: Write) -> None:
    assert "no [[account]]" in complaint(write("[limits]\n", account=False))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:hunter2@db.example/marginwatch",
        "postgres://db.example/marginwatch?user=desk&password=hunter2",
        "postgresql://desk:hunter2/a@db.example/marginwatch",
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(write: Write, url: str) -> None:
    said = complaint(write(f"[service]\ndatabase = '{url}'\n"))
    assert ":2: [service] database: a password does not belong into this file" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "url", ["postgresql://desk@db.example/marginwatch", "postgresql:///marginwatch?host=/run/postgresql"]
)
def test_an_address_without_a_password_may_stand_in_the_file(write: Write, url: str) -> None:
    assert load(write(f"[service]\ndatabase = '{url}'\n")).service.store == Secret(url)


def test_the_address_of_a_database_is_a_secret(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://desk:hunter2@db.example/marginwatch"
    monkeypatch.setenv("MW_DATABASE", url)
    path = write("[service]\ndatabase = 'env:MW_DATABASE'\n")
    config = load(path)
    assert config.service.store == Secret(url)
    assert "hunter2" not in repr(config)
    monkeypatch.delenv("MW_DATABASE")
    assert load_service(path).database is None


def test_other_addresses_need_no_token_of_their_own(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MW_TOKEN", "t")
    # The wall stands there in any case; the generated token opens it as well.
    assert load(write("[service]\nhost = '0.0.0.0'\n")).service.token is None
    service = load(write("[service]\nhost = '0.0.0.0'\ntoken = 'env:MW_TOKEN'\n")).service
    assert service.token is not None
    assert service.token.reveal() == "t"


def test_the_service_alone_can_be_read_though_accounts_are_wrong(write: Write) -> None:
    path = write("[service]\nport = 9999\n[[account]]\nid = 'b'\n")
    assert load_service(path).port == 9999
    path = write("[service]\nport = 'x'\n")
    with pytest.raises(ConfigError, match=":2: "):
        load_service(path)


def test_with_every_account_disabled_a_service_is_warned_and_a_reading_refused(
    write: Write, account: str
) -> None:
    path = write(account + "enabled = false\n", account=False)
    [warning] = load(path).warnings
    assert (
        warning
        == f"{path}:2: every account is disabled: nothing is watched until one of them has enabled = true"
    )
    with pytest.raises(ConfigError, match="every account is disabled"):
        load_watched(path)
    path = write(
        account + "enabled = false\n" + account.replace("main", "b").replace("MW_KEY", "MW_SECRET"),
        account=False,
    )
    assert load_watched(path).warnings == ()
