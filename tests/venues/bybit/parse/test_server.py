import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.server import parse_server_time, parse_system_status


def test_the_server_s_clock_to_the_nanosecond(raw) -> None:
    assert parse_server_time(raw({"timeSecond": "1688639403", "timeNano": "1688639403423213947"})) == (
        1688639403423213947
    )
    assert parse_server_time(raw({"timeSecond": "1688639403"})) == 1688639403 * 10**9


@pytest.mark.parametrize(
    "result", [{}, {"timeNano": ""}, {"timeNano": "0"}, {"timeNano": "now"}, {"timeNano": 5}]
)
def test_no_time_is_an_error(raw, result) -> None:
    with pytest.raises(ProtocolError):
        parse_server_time(raw(result))


def test_announced_interruptions(raw) -> None:
    row = {
        "id": "a",
        "title": "t",
        "state": "Scheduled",
        "begin": "1700000000000",
        "end": "",
        "serviceTypes": [4, 5],
    }
    (found,) = parse_system_status(raw({"list": [row]})).rows
    assert (found.state, found.begins_at_ns, found.ends_at_ns, found.services) == (
        "scheduled",
        1700000000000_000_000,
        None,
        (4, 5),
    )
