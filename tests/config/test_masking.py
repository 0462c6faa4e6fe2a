from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from marginwatch.config import load
from marginwatch.config.accounts import AccountTable
from marginwatch.config.masking import shown
from marginwatch.config.sections import SECTIONS
from marginwatch.errors import ConfigError

# Made up; each as long and as mixed as what exchanges give out.
SECRETS = [
    "xQ7LkzNc2WvYt0RbHd",
    "p9ZkQ2vLw8XrT4nHs6JdB1yGc3MfV5aUe7Ki",
    "a3f09c7be15d2846a3f09c7be15d2846a3f09c7be15d2846a3f09c7be15d2846",
    "kT3_vQ9-Zx_4Lm2-Rw8_Yp5-Hd7_Nb1",
    "qwertzuiopasdfghjklyxcvbnmqw",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_may_be_a_secret_is_named_by_its_beginning(secret: str) -> None:
    assert shown(secret) == f"{secret[:4]!r}… ({len(secret)} characters)"


def test_names_of_ours_and_mistyped_ones_are_shown_whole() -> None:
    shapes = [*SECTIONS.values(), AccountTable]
    names = [field.name for shape in shapes for field in msgspec.structs.fields(shape)]
    assert "socket_alive_for_s" in names
    for name in [*names, *(f"{name}x" for name in names), "api-key", "apiKey", "share of limit"]:
        assert shown(name) == repr(name)


@pytest.mark.parametrize(
    "text",
    [
        "[service]\n{secret} = 1\n",
        "[[account]]\n{secret} = 'x'\n",
        "{secret} = 1\n",
        "[{secret}]\n",
        "[service]\n{secret} = 1\n{secret} = 2\n",
        "[[account]]\nid = 'a'\nvenue = '{secret}'\napi_key = 'env:MW_KEY'\napi_secret = 'env:MW_SECRET'\n",
        "[[account]]\nid = 'a'\nvenue = 'bybit'\nenvironment = '{secret}'\napi_key = 'env:MW_KEY'\napi_secret = 'env:MW_SECRET'\n",
        "[[account]]\nid = 'a'\nvenue = 'bybit'\nurls = {{ {secret} = 1 }}\napi_key = 'env:MW_KEY'\napi_secret = 'env:MW_SECRET'\n",
    ],
)
def test_a_secret_written_as_a_key_is_not_repeated(write: Callable[..., Path], text: str) -> None:
    secret = SECRETS[0]
    path = write(text.format(secret=secret), account=False)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert secret not in str(caught.value)
    assert f"{secret[:4]!r}…" in str(caught.value)
