"""The service itself and the ways to people as subjects of rules."""

from collections.abc import Collection, Sequence

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.alert import Scope, Subject


class NamedSubjects:
    """Subjects that have nothing but a name.

    Parameters
    ----------
    scope : Scope
        Which scope.
    names : sequence of str
        By row; a name keeps its row.
    present : collection of str
        Those that are there.
    """

    def __init__(self, scope: Scope, names: Sequence[str], present: Collection[str]) -> None:
        self._scope: Scope = scope
        self._names = names
        self._present = present

    @property
    def identities(self) -> CodeArray:
        """Shape (n_names,), int64: the place from 1, 0 for those that are not there."""
        return np.array(
            [place if name in self._present else 0 for place, name in enumerate(self._names, 1)], np.int64
        )

    def subject(self, row: int) -> Subject:
        """Return the subject of a row."""
        return Subject(scope=self._scope, name=self._names[row])

    def labels(self, row: int) -> dict[str, str]:
        """Return the channel's name; the service has no label of its own."""
        return {"channel": self._names[row]} if self._scope == "channel" else {}

    def context(self, row: int) -> dict[str, str]:  # noqa: ARG002  # as all subjects have it
        """Return nothing."""
        return {}

    def data_age_s(self, row: int) -> float | None:  # noqa: ARG002  # as all subjects have it
        """Return nothing: it is measured when it is read."""
        return None
