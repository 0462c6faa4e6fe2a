"""The topic of a frame, found without decoding the frame."""

import msgspec

from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.schemas.envelope import WireTopic

_MARK = b'"topic":"'
_MARK_LENGTH = len(_MARK)
_USUAL = {topic.encode(): topic for topic in ("position", "wallet", "execution", "order", "greeks")}
_topics = msgspec.json.Decoder(WireTopic)


def topic_of(frame: bytes) -> str | None:
    """Return the topic of a stream frame, None if it has none.

    The bytes are searched first, which is ten times cheaper than decoding; a quotation mark inside a JSON text is
    escaped, so the mark found is a key. Frames laid out with blanks are decoded.

    Raises
    ------
    ProtocolError
        If the frame has to be decoded and cannot be.
    """
    start = frame.find(_MARK)
    if start >= 0:
        start += _MARK_LENGTH
        end = frame.find(b'"', start)
        if end > start:
            topic = frame[start:end]
            if topic in _USUAL:
                return _USUAL[topic]
            if topic.isascii():
                return topic.decode()
    return decode_with(_topics, frame, "stream frame").topic
