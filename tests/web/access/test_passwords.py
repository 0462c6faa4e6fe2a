import os
from pathlib import Path

import argon2
import pytest
from structlog.testing import capture_logs
from tests.web.access.conftest import OPERATOR, VIEWER, quick_hash

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.web.access.passwords import Passwords, hash_password, read_hashes, write_password


def test_a_hash_is_argon2id_at_full_cost_and_tells_nothing() -> None:
    hashed = hash_password(Secret(OPERATOR))
    cost = argon2.extract_parameters(hashed.reveal())
    assert cost.type is argon2.Type.ID
    # OWASP Password Storage Cheat Sheet: at least 19 MiB with two passes.
    assert cost.memory_cost >= 19 * 1024
    assert cost.time_cost >= 2
    assert OPERATOR not in hashed.reveal()
    assert hash_password(Secret(OPERATOR)) != hashed
    assert argon2.PasswordHasher().verify(hashed.reveal(), OPERATOR)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("elevenchars", "at least 12"),
        ("", "at least 12"),
        ("x" * 513, "longer than 512"),
        ("a\x00" * 9, "control"),
    ],
)
def test_a_password_that_will_not_do(password: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        hash_password(Secret(password))
    assert not password or password not in str(caught.value)


def test_they_are_kept_for_their_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "web-passwords.toml"
    assert read_hashes(path) == {}
    assert write_password(path, "viewer", quick_hash(VIEWER)) is False
    assert write_password(path, "operator", quick_hash(OPERATOR)) is False
    first = read_hashes(path)
    assert set(first) == {"viewer", "operator"}
    assert write_password(path, "operator", quick_hash("another one entirely")) is True
    assert read_hashes(path)["viewer"] == first["viewer"]
    assert read_hashes(path)["operator"] != first["operator"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert write_password(path, "viewer", None) is True
    assert write_password(path, "viewer", None) is False
    assert set(read_hashes(path)) == {"operator"}
    assert [one.name for one in path.parent.iterdir()] == ["web-passwords.toml"], (
        "nothing half written is left"
    )


BCRYPT = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"operator = hunter2hunter2", "not valid TOML"),
        (b'operator = "hunter2hunter2"', "operator is no Argon2 hash"),
        (f'viewer = "{BCRYPT}"'.encode(), "viewer is no Argon2 hash"),
        (b"operator = 5", "operator is no text"),
        (b'root = "hunter2hunter2"', "neither operator nor viewer"),
        (b'hunter2hunter2 = "x"', "neither operator nor viewer"),
        (b"\xff\xfe", "not UTF-8"),
        (b"#" * 20_000, "longer than"),
    ],
)
def test_what_is_no_file_of_passwords_is_told_with_the_remedy(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "web-passwords.toml"
    path.write_bytes(content)
    path.chmod(0o600)
    for read in (read_hashes, Passwords, lambda it: write_password(it, "viewer", None)):
        with pytest.raises(ConfigError) as caught:
            read(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert said in message
        assert "marginwatch web set-password" in message
        assert "hunter2" not in message
    assert path.read_bytes() == content


def test_a_hash_that_would_take_the_whole_machine_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "web-passwords.toml"
    dear = quick_hash(OPERATOR).reveal().replace("m=8,", "m=4194304,")
    path.write_text(f'operator = "{dear}"')
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="at most 256 MiB"):
        read_hashes(path)


def test_files_that_others_read_or_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "web-passwords.toml"
    write_password(path, "viewer", quick_hash(VIEWER))
    path.chmod(0o640)
    with pytest.raises(ConfigError, match=f"others may read these passwords; run: chmod 600 {path}"):
        read_hashes(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot read the passwords of the dashboard: Is a directory"):
        read_hashes(path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="cannot read the passwords of the dashboard: Not a directory"):
        write_password(tmp_path / "file" / "web-passwords.toml", "viewer", quick_hash(VIEWER))


def test_a_running_service_takes_up_each_change(tmp_path: Path) -> None:
    path = tmp_path / "web-passwords.toml"
    seen = Passwords(path)
    assert not seen.is_any()
    write_password(path, "viewer", quick_hash(VIEWER))
    assert seen.is_any()
    assert seen.hash_of("viewer") == read_hashes(path)["viewer"]
    assert seen.hash_of("operator") is None
    path.unlink()
    assert not seen.is_any()


def test_a_file_that_breaks_lets_nobody_in_and_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "web-passwords.toml"
    write_password(path, "viewer", quick_hash(VIEWER))
    seen = Passwords(path)
    with capture_logs() as lines:
        path.write_text("viewer = ")
        for _ in range(3):
            assert seen.hash_of("viewer") is None
            assert seen.is_any(), "a broken file must not open the door"
    assert [line["log_level"] for line in lines] == ["error"]
    assert str(path) in lines[0]["reason"]
    path.unlink()
    write_password(path, "viewer", quick_hash(VIEWER))
    assert seen.hash_of("viewer") is not None


def test_without_a_file_there_are_none() -> None:
    assert not Passwords(None).is_any()
    assert Passwords(None).hash_of("operator") is None


def test_root_leaves_the_file_to_whoever_owns_the_folder(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can write for somebody else")
    os.chown(tmp_path, 1234, 1235)
    path = tmp_path / "web-passwords.toml"
    write_password(path, "viewer", quick_hash(VIEWER))
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1235)
