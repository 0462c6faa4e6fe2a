"""Failures as values: one bad row or instrument does not blank the screen."""

import msgspec


class Failure(msgspec.Struct, frozen=True):
    """Something that could not be read or computed, beside the results that could.

    Parameters
    ----------
    reason : str
        Short machine word, also the metric label: ``protocol``, ``missing_mark``, ``unknown_instrument``.
    subject : str
        What it concerns: a row, an instrument, an account.
    message : str
        A sentence for a person.
    """

    reason: str
    subject: str
    message: str
