"""What a topic says beside its name: which rows or which document it is of."""

from collections.abc import Iterable

import msgspec
import numpy as np

from marginwatch.book.table import BoolArray
from marginwatch.model.account import AccountSpec
from marginwatch.model.instrument import Instrument


class Filter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names that rows must have, letter case aside; None wants anything."""

    account: str | None = None
    desk: str | None = None
    venue: str | None = None
    asset: str | None = None

    def has_account(self, spec: AccountSpec) -> bool:
        """Return whether an account is wanted."""
        return (
            _fits(self.account, spec.account_id)
            and _fits(self.desk, spec.desk)
            and _fits(self.venue, spec.venue)
        )

    def has_asset(self, instrument: Instrument) -> bool:
        """Return whether contracts of an underlying coin are wanted."""
        return _fits(self.asset, instrument.underlying_asset)


def _fits(wanted: str | None, actual: str | None) -> bool:
    return wanted is None or (actual is not None and actual.casefold() == wanted.casefold())


def account_mask(specs: Iterable[AccountSpec | None], wanted: Filter) -> BoolArray:
    """Return for each row of the account table whether it holds an account that is wanted."""
    return np.array([spec is not None and wanted.has_account(spec) for spec in specs], np.bool_)
