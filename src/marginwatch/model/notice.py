"""What the owner of an account should read once: a change nobody ordered, a key about to expire, a refused login."""

import msgspec

from marginwatch.model.ids import AccountId


class Notice(msgspec.Struct, frozen=True):
    """One sentence for a person; never an alert, for nothing is at risk yet.

    Parameters
    ----------
    kind : str
        Short machine word: ``key_warning``, ``account_refused``, ``margin_mode_changed``, ``account_type_changed``,
        ``unknown_contract``, ``malformed_stream``, ``stream_refused``, ``session_crashed``, ``price_feed``,
        ``endpoint_closed``, ``partial_coverage``, ``clock_skew``, ``maintenance_announced``.
    account_id : AccountId or None
        None where it concerns a venue or everybody.
    message : str
        What happened and what to do; holds no secret.
    """

    kind: str
    account_id: AccountId | None
    message: str
