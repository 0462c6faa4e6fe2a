"""Names that a caller asks for: one that occurs nowhere is a mistake, for no rows would be taken for an answer."""

import difflib
from collections.abc import Callable, Iterable, Mapping

from litestar.datastructures import State

from marginwatch.errors import UnknownNameError
from marginwatch.risk.frame import Frame
from marginwatch.web.ports import ReadModel

NAMES_SHOWN_MAX = 20
NAMES_COMPARED_MAX = 500
LENGTHS_APART = 3
NAME_LENGTH_MAX = 128


def _accounts(frame: Frame) -> Iterable[str | None]:
    return (spec.account_id for spec in frame.book.specs if spec is not None)


def _desks(frame: Frame) -> Iterable[str | None]:
    return (spec.desk for spec in frame.book.specs if spec is not None)


def _venues(frame: Frame) -> Iterable[str | None]:
    return (spec.venue for spec in frame.book.specs if spec is not None)


def _tags(frame: Frame) -> Iterable[str | None]:
    return (tag for spec in frame.book.specs if spec is not None for tag in spec.tags)


def _assets(frame: Frame) -> Iterable[str | None]:
    underlying = (one.underlying_asset for one in frame.book.instruments if one is not None)
    return (*frame.book.coins, *underlying)


NAMES: Mapping[str, Callable[[Frame], Iterable[str | None]]] = {
    "account": _accounts,
    "desk": _desks,
    "venue": _venues,
    "tag": _tags,
    "asset": _assets,
}
"""Kind of name → all that occur, whether or not they have a row now. An asset occurs once anybody held it or it had a
price."""


def require_known(frame: Frame, **wanted: str | None) -> None:
    """Raise for a name that occurs nowhere; letter case does not matter, as for filters.

    Parameters
    ----------
    frame : Frame
        Whose names count.
    **wanted : str or None
        Kind, one of :data:`NAMES` → name; None wants anything.

    Raises
    ------
    UnknownNameError
        With the most similar name, or all of them.
    """
    for kind, name in wanted.items():
        if name is None:
            continue
        known = {one.casefold(): one for one in NAMES[kind](frame) if one}
        if name.casefold() not in known:
            raise UnknownNameError(_no_such(kind, name, known))


def written(frame: Frame, kind: str, name: str) -> str | None:
    """Return a name of a kind as the configuration writes it, the very same before one alike; None if it occurs nowhere."""
    alike = [one for one in NAMES[kind](frame) if one and one.casefold() == name.casefold()]
    return name if name in alike else next(iter(alike), None)


def as_written(state: State, account: str | None) -> str | None:
    """Return the name of an account as the configuration writes it, to look up what is stored under it.

    Filters do not mind letter case. A name that is none of ours now stays as it is: the account may have been.
    """
    model: ReadModel | None = state.get("model")
    if account is None or model is None or (frame := model.latest_frame()) is None:
        return account
    return written(frame, "account", account) or account


def require_heard_of(state: State, account: str | None, *, has_rows: bool) -> None:
    """Raise for an account of which nothing was found, and that is none of ours now: those that were keep their history.

    Parameters
    ----------
    state : State
        Of the application; before the first frame nothing is judged.
    account : str or None
        Its name; None wants any.
    has_rows : bool
        Whether anything was found of it.

    Raises
    ------
    UnknownNameError
        With the most similar name, or all of them.
    """
    model: ReadModel | None = state.get("model")
    if account is None or has_rows or model is None or (frame := model.latest_frame()) is None:
        return
    require_known(frame, account=account)


def _no_such(kind: str, name: str, known: Mapping[str, str]) -> str:
    # Comparing takes about 5 µs a name: among thousands it would hold up everything else.
    likely = [one for one in known if abs(len(one) - len(name)) <= LENGTHS_APART][:NAMES_COMPARED_MAX]
    if similar := difflib.get_close_matches(name.casefold(), likely, n=1):
        return f"there is no {kind} {name!r}; did you mean {known[similar[0]]!r}?"
    names = sorted(known.values())
    more = f" and {len(names) - NAMES_SHOWN_MAX} more" if len(names) > NAMES_SHOWN_MAX else ""
    name = name if len(name) <= NAME_LENGTH_MAX else name[:NAME_LENGTH_MAX] + "…"
    return f"there is no {kind} {name!r}; there are: {', '.join(names[:NAMES_SHOWN_MAX]) or 'none'}{more}"
