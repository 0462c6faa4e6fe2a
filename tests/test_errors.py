"""How an error names its place."""

from marginwatch.errors import ConnectivityError, MarginwatchError


def test_the_place_is_one_path_without_doubled_slashes() -> None:
    error = ConnectivityError(
        "no answer", venue="bybit", account_id="mm-main", endpoint="/v5/position/list", code=10016
    )
    assert str(error) == "bybit/mm-main/v5/position/list: no answer (code 10016)"
    assert str(ConnectivityError("no answer", account_id="mm-main", endpoint="subscribe")) == (
        "mm-main/subscribe: no answer"
    )


def test_an_error_without_a_place_is_its_message() -> None:
    assert str(MarginwatchError("broken")) == "broken"
    assert str(MarginwatchError("broken", endpoint="wss://stream.test/v5")) == "wss://stream.test/v5: broken"
