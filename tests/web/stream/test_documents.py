"""Read routes as topics: what may follow a name is what the route takes."""

from pathlib import Path

import pytest

from marginwatch.errors import ConfigError
from marginwatch.web.account_routes import ACCOUNT_ROUTES
from marginwatch.web.alert_routes import ALERT_ROUTES
from marginwatch.web.app import exposure, summary
from marginwatch.web.matrix_routes import MATRIX_ROUTES
from marginwatch.web.risk_routes import RISK_ROUTES
from marginwatch.web.stream.documents import PACES, documents
from marginwatch.web.stream.hub import FILTERS

FOUND = documents([summary, exposure, *MATRIX_ROUTES, *RISK_ROUTES, *ALERT_ROUTES, *ACCOUNT_ROUTES])


def test_routes_that_are_there_are_topics() -> None:
    assert set(PACES) - set(FOUND) == {"overview", "health"}
    assert {"positions", "accounts", "book", "acknowledge"} & set(FOUND) == set()


def test_every_topic_is_in_the_documents() -> None:
    told = (Path(__file__).parents[3] / "docs" / "stream.md").read_text()
    assert {
        name for name in (*PACES, *FILTERS) if f"`{name}`" not in told and f"`{name}?" not in told
    } == set()


def test_words_become_arguments_of_their_types() -> None:
    assert FOUND["var"].arguments({"confidence": "0.99", "by": "desk"}) == {"confidence": 0.99, "by": "desk"}
    # Routes call two of them otherwise.
    assert FOUND["alerts"].arguments({"state": "firing", "recent": "5"}) == {
        "alert_state": "firing",
        "recent": 5,
    }
    assert FOUND["account"].arguments({"account": "mm-1"}) == {"account_id": "mm-1"}


@pytest.mark.parametrize(
    ("topic", "asked"),
    [
        ("alerts", {"recent": "1001"}),
        ("alerts", {"recent": "1.5"}),
        ("alerts", {"alert_state": "firing"}),
        ("var", {"confidence": "1"}),
        ("var", {"confidence": "nan"}),
        ("exposure", {"by": "x" * 129}),
        ("account", {"account_id": "mm-1"}),
        ("summary", {"account": "mm-1"}),
    ],
)
def test_limits_of_the_route_hold_here_too(topic: str, asked: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(asked))):
        FOUND[topic].arguments(asked)
