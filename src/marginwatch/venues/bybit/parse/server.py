"""The server's clock and its announced interruptions."""

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.venue_facts import Maintenance
from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import count_or_none, time_ns_or_none
from marginwatch.venues.bybit.schemas.market import WireMaintenance, WireServerTime

TIME_ENDPOINT = "/v5/market/time"
STATUS_ENDPOINT = "/v5/system/status"

_times = msgspec.json.Decoder(WireServerTime)
_statuses = msgspec.json.Decoder(WireMaintenance)


def parse_server_time(result: msgspec.Raw) -> int:
    """Return the server's clock from ``/v5/market/time``, UTC nanoseconds.

    Raises
    ------
    ProtocolError
        If it says none.
    """
    wire = decode_with(_times, result, TIME_ENDPOINT)
    nanoseconds = count_or_none(wire.time_nano, "timeNano")
    if nanoseconds is None:
        seconds = count_or_none(wire.time_second, "timeSecond")
        nanoseconds = None if seconds is None else seconds * 1_000_000_000
    if nanoseconds is None or nanoseconds <= 0:
        raise ProtocolError("neither timeNano nor timeSecond tells the time", endpoint=TIME_ENDPOINT)
    return nanoseconds


def parse_system_status(result: msgspec.Raw) -> Page[Maintenance]:
    """Return ``/v5/system/status``; interruptions shorter than 10 s are not announced.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    return read_page(open_page(result, STATUS_ENDPOINT), _statuses, _maintenance_of, STATUS_ENDPOINT)


def _maintenance_of(row: WireMaintenance) -> Maintenance:
    return Maintenance(
        maintenance_id=row.id,
        title=row.title,
        state=row.state.lower(),
        begins_at_ns=time_ns_or_none(row.begin, "begin"),
        ends_at_ns=time_ns_or_none(row.end, "end"),
        url=row.href or None,
        services=tuple(row.service_types or ()),
    )
