import json

import msgspec
import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.control import StreamControl
from marginwatch.venues.bybit.parse.public_stream import parse_public_frame

DELTA = (
    b'{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"86716.30",'
    b'"indexPrice":"86756.70","openInterestValue":"5250990127.10"},"cs":814547789569,"ts":1790134712383}'
)


def test_a_live_delta(catalog) -> None:
    update = parse_public_frame(DELTA, "linear", catalog, 7)
    (mark,) = update.marks
    assert (mark.mark_price, mark.index_price, mark.last_price) == ("86716.30", "86756.70", None)
    assert (mark.sequence, mark.ts_venue_ns, update.ts_received_ns) == (
        814547789569,
        1790134712383_000_000,
        7,
    )
    assert mark.instrument.instrument_id == "bybit:linear:BTCUSDT"


def test_the_socket_s_category_counts_and_blanks_do_not(catalog) -> None:
    pretty = json.dumps(json.loads(DELTA), indent=1).encode()
    update = parse_public_frame(pretty, "spot", catalog, 7)
    assert update.marks[0].instrument.category == "spot"


def test_answers_are_told_from_prices(catalog) -> None:
    answer = parse_public_frame(b'{"success":true,"ret_msg":"pong","op":"ping"}', "linear", catalog, 7)
    assert isinstance(answer, StreamControl)
    assert answer.kind == "pong"


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (DELTA.replace(b'"delta"', b'"patch"'), "patch"),
        (DELTA.replace(b"86716.30", b"lots"), "mark_price"),
        (DELTA.replace(b"1790134712383", b"-5"), "ts"),
        (DELTA.replace(b'"symbol":"BTCUSDT",', b""), "symbol"),
        (DELTA.replace(b"tickers.", b"kline.5."), "not a public topic"),
        (DELTA.replace(b'"data":{', b'"data":[{'), ""),
    ],
)
def test_a_frame_with_anything_wrong_in_it_is_refused_whole(catalog, frame, named) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_public_frame(frame, "linear", catalog, 7)
    assert named in str(caught.value)


def test_a_frame_cut_anywhere_is_refused(payload, catalog) -> None:
    option = msgspec.json.encode(msgspec.json.decode(payload("ws_tickers_option_sol_call.json")))
    for frame in (DELTA, option):
        for length in range(len(frame)):
            with pytest.raises(ProtocolError):
                parse_public_frame(frame[:length], None, catalog, 7)
