import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.control import parse_control

FRAMES = [
    (b'{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}', "auth", True, None, False),
    (b'{"success":false,"ret_msg":"Params Error","op":"auth","conn_id":"c"}', "auth", False, None, False),
    (b'{"op":"auth","success":false,"retCode":10003,"retMsg":"Invalid apikey"}', "auth", False, 10003, False),
    (b'{"retCode":10004,"retMsg":"x","op":"auth","connId":"c"}', "auth", False, 10004, False),
    (b'{"success":true,"ret_msg":"","op":"subscribe","req_id":"1"}', "subscribe", True, None, False),
    (b'{"success":true,"ret_msg":"subscribe","op":"subscribe"}', "subscribe", True, None, False),
    (
        b'{"success":false,"ret_msg":"error:handler not found,topic:X","op":"subscribe"}',
        "subscribe",
        False,
        None,
        False,
    ),
    (
        b'{"success":false,"ret_msg":"error:already subscribed,topic:X","op":"subscribe"}',
        "subscribe",
        True,
        None,
        True,
    ),
    (
        b'{"success":true,"conn_id":"c","data":{"failTopics":[],"successTopics":["a"]},"type":"COMMAND_RESP"}',
        "subscribe",
        True,
        None,
        False,
    ),
    (
        b'{"success":true,"data":{"failTopics":["tickers.X"],"successTopics":[]},"type":"COMMAND_RESP"}',
        "subscribe",
        False,
        None,
        False,
    ),
    (b'{"req_id":"t","op":"pong","args":["1675418560633"],"conn_id":"c"}', "pong", True, None, False),
    (b'{"success":true,"ret_msg":"pong","conn_id":"c","req_id":"","op":"ping"}', "pong", True, None, False),
    (b'{"args":["1672916271846"],"op":"pong"}', "pong", True, None, False),
    (b'{"success":false,"ret_msg":"error:invalid op","op":"nope"}', "error", False, None, False),
    (b'{"ret_code":10016,"ret_msg":"x"}', "error", False, 10016, False),
]


@pytest.mark.parametrize(("frame", "kind", "is_success", "code", "already"), FRAMES)
def test_every_shape_of_answer(frame, kind, is_success, code, already) -> None:
    answer = parse_control(frame)
    assert (answer.kind, answer.is_success, answer.code) == (kind, is_success, code)
    assert answer.already_subscribed == already


def test_request_ids_are_echoed_as_text() -> None:
    assert parse_control(b'{"op":"pong","req_id":"abc"}').req_id == "abc"
    assert parse_control(b'{"op":"pong","req_id":17}').req_id == "17"
    assert parse_control(b'{"op":"pong","req_id":""}').req_id is None


def test_refused_topics_are_named() -> None:
    answer = parse_control(b'{"success":true,"data":{"failTopics":["tickers.X"]},"type":"COMMAND_RESP"}')
    assert "tickers.X" in answer.message


@pytest.mark.parametrize(
    "frame", [b"", b"{}", b"[]", b'{"a":1}', b'{"op":5}', b'{"op":"auth"', b'{"retCode":"x"}', b"\xff"]
)
def test_anything_else_is_no_answer(frame) -> None:
    with pytest.raises(ProtocolError):
        parse_control(frame)
