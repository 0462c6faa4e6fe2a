import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from marginwatch.clock import ManualClock
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.web.access.sessions import SESSIONS_MAX, Sessions, is_sealed_with

HASH, OTHER = Secret("$argon2id$one"), Secret("$argon2id$other")
DAY_S = 86_400.0


async def test_a_session_holds_for_its_days() -> None:
    clock = ManualClock()
    sessions = Sessions(None, clock, days=2)
    value = sessions.open("viewer", "password", HASH)
    assert len(value) >= 43
    await clock.advance(2 * DAY_S - 1)
    found = sessions.find(value)
    assert found is not None
    assert (found.role, found.means) == ("viewer", "password")
    await clock.advance(2)
    assert sessions.find(value) is None


def test_it_ends_once_and_for_all() -> None:
    sessions = Sessions(None, ManualClock())
    value, other = (sessions.open("viewer", "password", HASH) for _ in range(2))
    assert sessions.end(value) is True
    assert sessions.end(value) is False
    assert sessions.find(value) is None
    assert sessions.find(other) is not None


def test_it_fits_its_credential_and_its_role_alone() -> None:
    sessions = Sessions(None, ManualClock())
    value = sessions.open("viewer", "password", HASH)
    found = sessions.find(value)
    assert found is not None
    assert is_sealed_with(found, value, HASH)
    assert not is_sealed_with(found, value, OTHER)
    assert not is_sealed_with(found, value, None)
    raised = type(found)(role="operator", means=found.means, seal=found.seal, until_ns=found.until_ns)
    assert not is_sealed_with(raised, value, HASH), "a role written into the file opens nothing"


def test_a_restart_keeps_them_and_the_file_lets_nobody_in(tmp_path: Path) -> None:
    path, clock = tmp_path / "data" / "web-sessions.json", ManualClock()
    first = Sessions(path, clock)
    value = first.open("operator", "password", HASH)
    first.save()
    again = Sessions(path, clock)
    found = again.find(value)
    assert found is not None
    assert is_sealed_with(found, value, HASH)
    assert again.cookie_name == first.cookie_name
    assert again.derived("open") == first.derived("open")
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert value not in text
    assert HASH.reveal() not in text
    for name in json.loads(text)["sessions"]:
        assert again.find(name) is None, "what stands in the file is no cookie"


def test_who_signed_out_stays_out_after_a_restart(tmp_path: Path) -> None:
    path, clock = tmp_path / "web-sessions.json", ManualClock()
    first = Sessions(path, clock)
    value = first.open("operator", "password", HASH)
    first.save()
    first.end(value)
    first.save()
    assert Sessions(path, clock).find(value) is None


def test_cookies_of_two_services_on_one_machine_do_not_meet() -> None:
    names = {Sessions(None, ManualClock()).cookie_name for _ in range(3)}
    assert len(names) == 3


def test_there_are_no_more_than_there_may_be_and_the_oldest_goes() -> None:
    class Ticking(ManualClock):
        ticks = 0

        def now_ns(self) -> int:
            self.ticks += 1
            return super().now_ns() + self.ticks

    sessions = Sessions(None, Ticking())
    values = [sessions.open("viewer", "password", HASH) for _ in range(SESSIONS_MAX + 2)]
    assert [sessions.find(value) is not None for value in values[:4]] == [False, False, True, True]
    assert sessions.find(values[-1]) is not None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"key": "zz", "sessions": {}}', b'{"key": "00", "sessions": {}}']
)
def test_a_file_of_something_else_is_replaced_and_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "web-sessions.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with capture_logs() as lines:
        sessions = Sessions(path, ManualClock())
    assert [line["event"] for line in lines] == [
        "sessions forgotten, everybody signs in again: their file was changed"
    ]
    assert Sessions(path, ManualClock()).cookie_name == sessions.cookie_name


def test_a_file_that_others_could_read_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "web-sessions.json"
    first = Sessions(path, ManualClock())
    path.chmod(0o644)
    with capture_logs() as lines:
        assert Sessions(path, ManualClock()).derived("open") != first.derived("open")
    assert len(lines) == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "web-sessions.json").mkdir()
    with pytest.raises(ConfigError, match="cannot read who is signed in: Is a directory; delete it"):
        Sessions(tmp_path / "web-sessions.json", ManualClock())
    (tmp_path / "file").write_text("x")
    sessions = Sessions(tmp_path / "ok.json", ManualClock())
    sessions._path = tmp_path / "file" / "web-sessions.json"
    value = sessions.open("viewer", "password", HASH)
    with capture_logs() as lines:
        sessions.save()
    assert [line["event"] for line in lines] == [
        "sessions cannot be kept: a restart forgets who signed in or out"
    ]
    assert sessions.find(value) is not None
