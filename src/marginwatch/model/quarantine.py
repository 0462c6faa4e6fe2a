"""A payload that did not decode, kept aside whole so that the parser can be mended from it."""

import msgspec

from marginwatch.model.ids import AccountId, VenueId


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """One undecodable message; it changed no state.

    Parameters
    ----------
    venue : VenueId
        Where it came from.
    account_id : AccountId or None
        None for public data.
    source : str
        Endpoint path or stream topic.
    message : str
        What was wrong and where in the payload.
    payload : bytes
        The first 64 KiB as on the wire; never contains a credential, for requests are not kept.
    at_ns : int
        When it was heard, UTC nanoseconds.
    """

    venue: VenueId
    account_id: AccountId | None
    source: str
    message: str
    payload: bytes
    at_ns: int
