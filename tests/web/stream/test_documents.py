"""A topic reads what its route reads: where a path takes several methods, the one that changes nothing."""

from litestar import get, post

from marginwatch.web.alert_routes import ALERT_ROUTES
from marginwatch.web.stream.documents import documents


@get("/api/v1/silences", sync_to_thread=False)
def read() -> str:
    return "read"


@post("/api/v1/silences", sync_to_thread=False)
def change() -> str:
    return "changed"


def test_a_topic_is_the_reading_route_whatever_their_order() -> None:
    for routes in ([read, change], [change, read]):
        assert documents(routes)["silences"]._function() == "read"


def test_a_path_that_only_changes_is_no_topic() -> None:
    assert "silences" not in documents([change])


def test_silences_can_be_subscribed_to() -> None:
    assert documents(ALERT_ROUTES)["silences"]._function.__name__ == "silences"
