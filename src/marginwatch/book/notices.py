"""Changes that a person should hear of, though no number is wrong."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId

NoticeKind = Literal["margin_mode_changed", "account_type_changed", "unknown_contract"]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One change worth a line.

    Parameters
    ----------
    kind : {'margin_mode_changed', 'account_type_changed', 'unknown_contract'}
        What happened; a contract is unknown while it is known from its symbol alone.
    account_id : AccountId or None
        Whom it concerns.
    subject : str
        The account or the contract.
    before, after : str or None
        Both values where there are two.
    at_ns : int
        When we noticed, UTC nanoseconds.
    """

    kind: NoticeKind
    account_id: AccountId | None
    subject: str
    before: str | None
    after: str | None
    at_ns: int
