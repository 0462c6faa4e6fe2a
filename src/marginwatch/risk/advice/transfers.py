"""The smallest transfers between accounts of one owner and venue that bring every account to a target."""

from collections.abc import Mapping

from marginwatch.book.table import FloatArray
from marginwatch.risk.advice.rows import TransferAdvice
from marginwatch.risk.advice.settings import TransferTarget
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.sheet import MarginSheet


def advise_transfers(
    sheet: MarginSheet,
    target: TransferTarget,
    betas: Betas,
    *,
    withdrawable: FloatArray | None = None,
    left_out: Mapping[int, str] | None = None,
) -> TransferAdvice:
    """Return the smallest transfers that bring every account to the target, group by group.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    target : TransferTarget
        Usage, distance or both.
    betas : Betas
        By coin of the sheet, shape (m,).
    withdrawable : ndarray of shape (h,), float64, optional
        What the venue itself says can leave, by holding of the sheet, in the coin; NaN where it did not say.
    left_out : mapping of int to str, optional
        Rows of accounts that neither give nor take (stale, lost), with the reason.
    """
    raise NotImplementedError
