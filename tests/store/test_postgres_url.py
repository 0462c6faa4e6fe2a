import pytest

from marginwatch.errors import ConfigError
from marginwatch.store.postgres_url import is_postgres_url, shown_place


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://desk:hunter2@db.example:5432/mw", "postgresql://desk@db.example:5432/mw"),
        ("postgres://desk:hunter2@db.example/mw?sslmode=require", "postgresql://desk@db.example/mw"),
        ("postgresql://db.example/mw?user=desk&password=hunter2", "postgresql://desk@db.example/mw"),
        ("postgresql:///mw?host=/run/postgresql&password=hunter2", "postgresql:///run/postgresql/mw"),
        ("postgresql://desk:hunter2@a:1,b:2/mw", "postgresql://desk@a:1,b:2/mw"),
        ("postgresql://desk:hunter2@[::1]:5432/mw", "postgresql://desk@[::1]:5432/mw"),
        ("postgresql://desk:hunter2%2Fx@db/mw", "postgresql://desk@db/mw"),
        ("postgresql://desk:hunter2@more@db/mw", "postgresql://desk@db/mw"),
        ("postgresql:///mw", "postgresql://localhost/mw"),
    ],
)
def test_an_address_is_shown_without_password_and_options(url: str, shown: str) -> None:
    assert is_postgres_url(url)
    assert shown_place(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:hunter2/x@db/mw",
        "postgresql://desk:hunter2#x@db/mw",
        "postgresql://desk:hunter2?x@db/mw",
        "postgresql://desk:[hunter2@db/mw",
        "postgresql://desk:hunter2@d b/mw",
        "mysql://desk:hunter2@db/mw",
    ],
)
def test_one_whose_password_may_end_anywhere_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read; write postgresql://user:password@host") as caught:
        shown_place(url)
    assert "hunter2" not in str(caught.value)
