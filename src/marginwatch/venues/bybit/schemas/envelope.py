"""Wire shapes around the data (docs: v5/guide, "Common Response Parameters"; v5/ws/connect)."""

import msgspec


class WireEnvelope(msgspec.Struct, rename="camel", gc=False):
    """A REST reply. ``retExtInfo`` is left out: it is an object, or now and then the text ``"{}"``.

    The retired v2 API spelled code and message in snake case; its replies still turn up in files.
    """

    ret_code: int | str | None = None
    ret_msg: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    time: int | str | None = None
    ret_code_v2: int | str | None = msgspec.field(name="ret_code", default=None)
    ret_msg_v2: str | None = msgspec.field(name="ret_msg", default=None)


class WirePage(msgspec.Struct, rename="camel"):
    """The ``result`` of a list endpoint, rows still encoded so that one bad row costs only itself."""

    rows: list[msgspec.Raw] = msgspec.field(name="list")
    category: str | None = None
    next_page_cursor: str | None = None


class WireSymbol(msgspec.Struct, gc=False):
    """The one field needed to name a row that could not be read."""

    symbol: str | None = None


class WireTopic(msgspec.Struct, rename="camel", gc=False):
    """What tells a stream frame's kind when its bytes are laid out unusually."""

    topic: str | None = None


class WireControl(msgspec.Struct, rename="camel", gc=False):
    """A reply to auth, subscribe or ping, in every spelling of the private and the five public sockets."""

    op: str | None = None
    type: str | None = None
    success: bool | None = None
    ret_msg: str | None = msgspec.field(name="ret_msg", default=None)
    ret_msg_camel: str | None = msgspec.field(name="retMsg", default=None)
    ret_code: int | str | None = msgspec.field(name="retCode", default=None)
    ret_code_snake: int | str | None = msgspec.field(name="ret_code", default=None)
    req_id: str | int | None = msgspec.field(name="req_id", default=None)
    req_id_camel: str | int | None = msgspec.field(name="reqId", default=None)
    data: msgspec.Raw = msgspec.Raw(b"{}")


class WireTopicLists(msgspec.Struct, rename="camel", gc=False):
    """``data`` of an option socket's subscribe reply (docs: v5/ws/connect, option/spread)."""

    fail_topics: list[str] | None = None
    success_topics: list[str] | None = None
