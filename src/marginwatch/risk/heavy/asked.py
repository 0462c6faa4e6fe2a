"""What somebody who looks once wants reckoned."""

import msgspec

from marginwatch.risk.heavy.advice import AdviceWish
from marginwatch.risk.var.settings import VarSettings


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One question.

    Parameters
    ----------
    parts : tuple of str
        Names of the parts of :class:`marginwatch.risk.heavy.parts.Heavy` that are wanted.
    var_settings : VarSettings or None
        Value at risk; None as usual.
    wish : AdviceWish or None
        Advice; None as usual.
    """

    parts: tuple[str, ...]
    var_settings: VarSettings | None = None
    wish: AdviceWish | None = None
