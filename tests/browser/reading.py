"""Numbers as people read them on the page, and how exactly they are shown."""

import math
import re
from typing import NamedTuple

UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "%": 0.01, "×": 1.0, "x": 1.0}
NUMBER = re.compile(r"^([+-]?)\$?([\d,]+)(?:\.(\d+))?\s*([KMB%×x]?)$")


class Shown(NamedTuple):
    """A number and the size of its last digit."""

    value: float
    step: float

    def is_(self, truth: float) -> bool:
        """Return whether this is how ``truth`` is shown."""
        return abs(self.value - truth) <= 0.5000001 * self.step + 1e-9 * abs(truth)


def read(text: str) -> Shown:
    """Return the number in a text of the English page; NaN for a dash.

    Raises
    ------
    ValueError
        If it is no number as the page shows them.
    """
    plain = "".join(text.split()).replace("\u2212", "-").replace("US", "")
    if plain in ("—", ""):
        return Shown(math.nan, 0.0)
    found = NUMBER.match(plain.replace("-$", "-").replace("+$", "+"))
    if found is None:
        raise ValueError(f"{text!r} is no number as the page shows them")
    sign, whole, digits, unit = found.groups()
    step = 10.0 ** -len(digits or "") * UNITS[unit]
    value = float(whole.replace(",", "") + "." + (digits or "0")) * UNITS[unit]
    return Shown(-value if sign == "-" else value, step)
