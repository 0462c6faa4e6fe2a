from pathlib import Path

import pytest

from marginwatch.errors import ConfigError
from marginwatch.web.token import ensure_token, read_token


def test_a_token_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "api-token"
    first = ensure_token(path)
    assert len(first.reveal()) >= 43
    assert ensure_token(path) == first
    assert read_token(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_token(tmp_path / "other") != first


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "api-token"
    token = ensure_token(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read") as caught:
        ensure_token(path)
    assert token.reveal() not in str(caught.value)


def test_no_token_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="start the service once"):
        read_token(tmp_path / "absent")
    (tmp_path / "empty").touch(0o600)
    with pytest.raises(ConfigError, match="holds no token"):
        read_token(tmp_path / "empty")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="mend data_dir"):
        ensure_token(tmp_path / "file" / "api-token")
