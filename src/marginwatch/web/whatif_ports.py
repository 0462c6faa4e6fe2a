"""What questions "what if" are reckoned from."""

from typing import Protocol

from marginwatch.risk.heavy.what_if import WhatIfInputs


class WhatIfSource(Protocol):
    """Gives frozen moments; the service's heavy work is one."""

    def what_if_inputs(self) -> WhatIfInputs:
        """Return what an answer is reckoned from, as it is now; called on the loop."""
        ...
