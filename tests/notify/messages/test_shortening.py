"""The short form: within 300 characters, and what to do is in it."""

import pytest
from tests.notify.messages.samples import alert, row, told

from marginwatch.notify.messages.catalog import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("length", [10, 80, 140, 400])
def test_long_sentences_and_actions_share_the_room(language: str, length: int) -> None:
    words = ("word " * length)[:length]
    message = told(
        row(alert(message="{account} " + words, action="Sell 12,345.67 contracts " + words)),
        language=language,
    )
    assert len(message.short) <= 300
    assert "mm-1" in message.short
    assert "Sell 12,345.67 contracts" in message.short


def test_the_link_is_there_where_all_of_it_fits() -> None:
    assert told(row(alert())).short.endswith(" https://desk.example/mw/#/accounts/mm-1")
    far = told(row(alert()), public_url="https://desk.example/" + "x" * 250)
    assert "https" not in far.short
    assert told(row(alert()), public_url=None).short.endswith("at the exchange")
