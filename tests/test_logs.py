import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest
import structlog

from marginwatch.errors import AuthError
from marginwatch.logs import Scrubber, configure_logs, hide_secret_fields
from marginwatch.model.secret import Secret

KEY = "Xk39PqLmT7wQ0sVbZa"
SECRET = "9fJ2kLm0QpRsTuVwXyZ1aBcDeFgHiJkLmNoP"
PASSPHRASE = "open-se same!"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nq/8+Zx\n-----END PRIVATE KEY-----"
PARTS = [KEY, SECRET, PASSPHRASE, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"]


class Holder(msgspec.Struct):
    api_secret: Secret
    nested: dict[str, str]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def deep(value: object, depth: int) -> object:
    return {"inner": deep(value, depth - 1)} if depth else value


def fail(value: str) -> None:
    secret_in_a_local = value
    raise AuthError(f"refused {secret_in_a_local}", endpoint=f"/x/{value}")


def write_secrets_everywhere(value: str) -> None:
    log = structlog.get_logger("test").bind(context=f"bound {value}")
    log.info(" ".join(["in the event", value, "itself"]))
    log.info("as a field", detail=value, listed=[value, (value, {value})], deep=deep(value, 9))
    log.info("as a secret", credential=Secret(value), holder=Holder(Secret(value), {"x": value}))
    log.info("under a telling name", api_key=value, headers={"X-BAPI-SIGN": value, "X-BAPI-API-KEY": value})
    log.info("in a key", **{f"k_{value}": 1})
    log.info("in a URL", url=f"https://host/v5/x?api_key={value}&sign={value}", raw=value.encode())
    logging.getLogger("a.library").warning("a library says %s", value)
    try:
        fail(value)
    except AuthError:
        log.exception("with a traceback", stack_info=True)
        logging.getLogger("a.library").exception("and so does a library")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_secret_put_anywhere_does_not_come_out(log_format: str) -> None:
    stream = io.StringIO()
    scrubber = configure_logs(log_format, "debug", stream)
    scrubber.learn([Secret(KEY), Secret(SECRET), None])
    scrubber.learn([Secret(PASSPHRASE), Secret(PEM)])
    for value in (KEY, SECRET, PASSPHRASE, PEM):
        write_secrets_everywhere(value)
    written = stream.getvalue()
    assert written.count("in the event") == 4
    assert written.count("and so does a library") == 4
    assert "AuthError" in written
    assert [part for part in PARTS if part in written] == []


def test_json_lines_are_json_with_level_and_time() -> None:
    stream = io.StringIO()
    configure_logs("json", "info", stream)
    log = structlog.get_logger()
    log.debug("too quiet")
    log.warning("source lost", account_id="mm-main", reason="timeout", number=3)
    [line] = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["event"] == "source lost"
    assert (entry["level"], entry["account_id"], entry["number"]) == ("warning", "mm-main", 3)
    assert entry["timestamp"].endswith("Z")


def test_people_read_what_is_not_secret() -> None:
    stream = io.StringIO()
    configure_logs("console", "info", stream)
    structlog.get_logger().info("source back", account_id="mm-main", token="t0ken")
    assert "source back" in stream.getvalue()
    assert "account_id=mm-main" in stream.getvalue()
    assert "t0ken" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_only_telling_names_are_hidden() -> None:
    fields = {
        "sign": 1,
        "Api-Key": 1,
        "apikey": 1,
        "db_password": 1,
        "assigned": 1,
        "keys": 1,
        "tokens_left": 1,
        "asset": 1,
    }
    shown = hide_secret_fields(None, "info", dict(fields))
    assert {name for name, value in shown.items() if value == "***"} == {
        "sign",
        "Api-Key",
        "apikey",
        "db_password",
    }


def test_the_scrubber_leaves_other_words_alone() -> None:
    scrubber = Scrubber()
    scrubber.learn([Secret(KEY), Secret("abc")])
    assert scrubber.scrub(f"abc {KEY}x {KEY}.") == f"abc {KEY}x ***."


SPEAKS = """
import sys, threading, warnings
from marginwatch.logs import configure_logs, hear_interpreter
from marginwatch.model.secret import Secret

KEY = sys.argv[1]
configure_logs("json").learn([Secret(KEY)])
hear_interpreter()

class Torn:
    def __del__(self):
        raise ValueError(KEY)

def fail():
    raise KeyError(KEY)

warnings.warn(f"{KEY} is odd", RuntimeWarning)
thread = threading.Thread(target=fail, name="heavy_0")
thread.start()
thread.join()
del thread
torn = Torn()
del torn
"""


def test_what_the_interpreter_writes_itself_is_lines_of_the_log() -> None:
    ended = subprocess.run([sys.executable, "-c", SPEAKS, KEY], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "error", "error"]
    warned, thread, uncaught = lines
    assert "RuntimeWarning" in warned["event"]
    assert thread["thread"] == "heavy_0"
    assert "KeyError" in thread["exception"]
    assert uncaught["of"] == "function"
    assert "ValueError" in uncaught["exception"]
    assert KEY not in ended.stderr
