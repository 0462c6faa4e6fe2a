"""What a replay found, for people and for programs; and the times that people write."""

from datetime import UTC, datetime

import msgspec

from marginwatch.app.replaying import LeftOut, Replay
from marginwatch.cli.output import Form, write_csv, write_json, write_table
from marginwatch.cli.transition_table import ChangeRow, change_columns, change_rows
from marginwatch.config.durations import seconds_of
from marginwatch.errors import ConfigError
from marginwatch.model.alert import TransitionKind

SHOWN = (TransitionKind.FIRED, TransitionKind.RAISED, TransitionKind.LOWERED, TransitionKind.RESOLVED)
"""Changes that people are shown; the other ones are in ``--json``."""

LEFT_OUT_SHOWN_MAX = 6


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ``--json`` prints; see :class:`marginwatch.app.replaying.Replay`."""

    from_ns: int
    to_ns: int
    minutes: int
    gaps: int
    judged: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    n_fired: int
    changes: tuple[ChangeRow, ...]


def period(begin: str, end: str | None, now_ns: int) -> tuple[int, int]:
    """Return the period between two times as people write them, UTC nanoseconds.

    Raises
    ------
    ConfigError
        If one is none, or the end is not after the beginning.
    """
    from_ns = moment_of("--from", begin, now_ns)
    to_ns = now_ns if end is None else moment_of("--to", end, now_ns)
    if from_ns >= to_ns:
        raise ConfigError("--from must be before --to, and before now")
    return from_ns, to_ns


def moment_of(name: str, text: str, now_ns: int) -> int:
    """Return a moment written as a date, a date with a time (UTC unless it says otherwise), or a duration ago.

    Raises
    ------
    ConfigError
        If it is none, with what one looks like.
    """
    try:
        return now_ns - round(seconds_of(text.removesuffix(" ago")) * 1e9)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
        return int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1e9)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{name}: {text!r} is no time; write 2026-03-01, 2026-03-01T14:30, or how long ago: 36h"
        ) from None


def show_replay(found: Replay, from_ns: int, to_ns: int, form: Form) -> None:
    """Write what came of a replay to stdout."""
    changes = change_rows(found.transitions, found.first_ns or from_ns)
    if form is Form.JSON:
        write_json(
            ReplayReport(
                from_ns=from_ns,
                to_ns=to_ns,
                minutes=found.n_minutes,
                gaps=found.n_gaps,
                judged=found.judged,
                left_out=found.left_out,
                n_fired=sum(one.kind is TransitionKind.FIRED for one in changes),
                changes=changes,
            )
        )
        return
    shown = [one for one in changes if one.kind in SHOWN]
    if form is Form.CSV:
        write_csv(ChangeRow, shown)
        return
    columns = change_columns("UTC", lambda row: minute(row.at_ns))
    write_table(title(found, from_ns, to_ns), columns, shown, notes(found))


def title(found: Replay, from_ns: int, to_ns: int) -> str:
    """Return the period and how much of it was judged."""
    fired = sum(one.kind is TransitionKind.FIRED for one in found.transitions)
    return (
        f"Replay · {minute(from_ns)} to {minute(to_ns)} UTC · {found.n_minutes} minutes"
        f" · {len(found.judged)} rules · {fired} alerts fired"
    )


def notes(found: Replay) -> list[str]:
    """Return what a replay rests on and what it cannot say."""
    lines: list[str] = []
    if not found.n_minutes:
        lines.append("Nothing was recorded in this time.")
    elif not found.transitions:
        lines.append("Nothing would have fired.")
    if found.n_gaps:
        lines.append(f"{found.n_gaps} times nothing was recorded; timers stood still meanwhile.")
    if found.is_thinned:
        lines.append("Of a part only full hours are kept: what happened within them is not seen.")
    if found.left_out:
        some = [f"{one.rule} ({', '.join(one.measures)})" for one in found.left_out[:LEFT_OUT_SHOWN_MAX]]
        more = len(found.left_out) - LEFT_OUT_SHOWN_MAX
        rest = f" and {more} more; --json has all" if more > 0 else ""
        lines.append(f"Not judged, for history does not hold what they measure: {'; '.join(some)}{rest}")
    return lines


def minute(at_ns: int) -> str:
    """Return a moment to the minute."""
    return f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%Y-%m-%d %H:%M}"
