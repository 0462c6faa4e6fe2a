"""Words of clients."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.errors import ConfigError
from marginwatch.web.stream.topics import parse, read


def test_a_topic_is_a_name_and_what_a_query_would_hold() -> None:
    topic = parse("exposure?by=asset&name=BTC%2FUSD+x")
    assert (topic.text, topic.name) == ("exposure?by=asset&name=BTC%2FUSD+x", "exposure")
    assert topic.asked == {"by": "asset", "name": "BTC/USD x"}
    assert parse("overview").asked == {}


MANY = "a?" + "&".join(f"x{number}=1" for number in range(40))


@pytest.mark.parametrize("text", ["a?b", "a?b=1&b=2", "a?=1&&", MANY])
def test_what_is_no_query_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is no query|says something twice"):
        parse(text)


@given(st.text(max_size=60) | st.recursive(st.none() | st.integers(), st.lists, max_leaves=5).map(json.dumps))
def test_any_text_is_a_message_or_a_clear_error(text: str) -> None:
    with suppress(ConfigError):
        said = read(text)
        assert (said.subscribe is None) != (said.resync is None)


@given(st.text(max_size=60))
def test_any_text_is_a_topic_or_a_clear_error(text: str) -> None:
    with suppress(ConfigError):
        assert parse(text).text == text
