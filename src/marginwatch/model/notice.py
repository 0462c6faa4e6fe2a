"""What the owner of an account should read once: a liquidation, a change nobody ordered, a key about to expire."""

import msgspec

from marginwatch.model.ids import AccountId


class Notice(msgspec.Struct, frozen=True):
    """One sentence for a person, told once. Not an alert, which has a rule, a state and somebody to wake.

    Parameters
    ----------
    kind : str
        Short machine word: ``key_warning``, ``account_refused``, ``margin_mode_changed``, ``account_type_changed``,
        ``unknown_contract``, ``malformed_stream``, ``stream_refused``, ``session_crashed``, ``price_feed``,
        ``endpoint_closed``, ``partial_coverage``, ``clock_skew``, ``maintenance_announced``,
        ``liquidation``, ``adl``, ``orders_cancelled``, ``unreadable_number``, ``unknown_margin_mode``,
        ``open_files``.
    account_id : AccountId or None
        None where it concerns a venue or everybody.
    message : str
        What happened and what to do; holds no secret.
    """

    kind: str
    account_id: AccountId | None
    message: str
