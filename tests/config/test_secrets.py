import importlib.util
from pathlib import Path

import pytest

from marginwatch.config.secrets import SecretReference, parse_reference, resolve
from marginwatch.errors import ConfigError


def test_a_literal_is_refused_and_never_repeated() -> None:
    with pytest.raises(ConfigError, match="env:NAME") as caught:
        parse_reference("Hunter2Hunter2")
    assert "Hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["env:", "file: ", "keyring:service", "keyring:/name"])
def test_an_incomplete_reference_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="incomplete"):
        parse_reference(text)


def test_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MW_X", " value \n")
    secret, warning = resolve(SecretReference("env", "MW_X"), tmp_path)
    assert (secret.reveal(), warning) == ("value", None)
    monkeypatch.setenv("MW_X", "")
    with pytest.raises(ConfigError, match="MW_X is not set"):
        resolve(SecretReference("env", "MW_X"), tmp_path)


@pytest.mark.parametrize("slip", ["Rj19wVzSUElsvMq7Rwoxu6OU", "9f86d081884c7d659a2feaa0c55ad015"])
@pytest.mark.parametrize("source", ["env", "file"])
def test_a_secret_written_where_its_name_belongs_is_not_repeated(
    source: str, slip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(slip, raising=False)
    with pytest.raises(ConfigError, match="looks like the secret itself") as caught:
        resolve(SecretReference(source, slip), tmp_path)
    assert slip not in str(caught.value)


def test_a_mark_of_the_editor_is_no_part_of_the_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xef\xbb\xbfvalue\r\n")
    assert resolve(SecretReference("file", "key"), tmp_path)[0].reveal() == "value"


def test_a_file_keeps_its_inner_lines_and_warns_if_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "rsa.pem"
    path.write_text("-----BEGIN\nabc\n-----END\n")
    path.chmod(0o600)
    secret, warning = resolve(parse_reference("file:rsa.pem"), tmp_path)
    assert (secret.reveal(), warning) == ("-----BEGIN\nabc\n-----END", None)
    path.chmod(0o640)
    _, warning = resolve(parse_reference(f"file:{path}"), Path("elsewhere"))
    assert warning is not None
    assert "chmod 600" in warning


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone.*No such file"):
        resolve(parse_reference("file:gone"), tmp_path)
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match="empty"):
        resolve(parse_reference("file:empty"), tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfesecret")
    with pytest.raises(ConfigError, match="not text") as caught:
        resolve(parse_reference("file:binary"), tmp_path)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_keyring_that_has_nothing_says_how_to_store_it(tmp_path: Path) -> None:
    expected = "keyring" if importlib.util.find_spec("keyring") else "marginwatch\\[keyring\\]"
    with pytest.raises(ConfigError, match=expected):
        resolve(parse_reference("keyring:marginwatch-test-of-nothing/none"), tmp_path)
