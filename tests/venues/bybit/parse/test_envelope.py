import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.envelope import open_envelope


@pytest.mark.parametrize(
    ("body", "code", "message", "time_ns"),
    [
        (b'{"retCode":0,"retMsg":"OK","result":{},"retExtInfo":{},"time":1671017382656}', 0, "OK", 1671017382656_000_000),
        (b'{"retCode":0,"retMsg":"","result":{},"retExtInfo":"{}"}', 0, "", None),
        (b'{"retCode":"10003","retMsg":"x"}', 10003, "x", None),
        (b'{"ret_code":0,"ret_msg":"OK","result":[]}', 0, "OK", None),
        (b'{"retCode":10010,"retMsg":null}', 10010, "", None),
    ],
)  # fmt: skip
def test_every_form_of_the_outside(body, code, message, time_ns) -> None:
    envelope = open_envelope(body, endpoint="/v5/x")
    assert (envelope.ret_code, envelope.message, envelope.time_ns) == (code, message, time_ns)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "truncated"),
        (b"<html>403</html>", "malformed"),
        (b"[]", "object"),
        (b"{}", "retCode"),
        (b'{"retCode":{}}', "retCode"),
        (b'{"retCode":"x"}', "retCode"),
        (b'{"retCode":0,"time":-5}', "time"),
        (b'{"retCode":0,"result":{"a":}}', "malformed"),
        (b'{"retCode":0}{"retCode":0}', "malformed"),
    ],
)
def test_what_is_no_reply_says_what_and_where(body, named) -> None:
    with pytest.raises(ProtocolError) as caught:
        open_envelope(body, endpoint="/v5/x")
    assert named in caught.value.message
    assert str(caught.value).count("/v5/x") <= 1
