"""Patterns that people write in conditions, and which of them are taken: those that end soon on every text.

Python's engine tries every way to read a text. A repeat within a repeat, as in ``(a+)+b``, doubles the ways with each
character, and one such pattern would hold the loop, with every alert in it, for hours.
"""

import re

PATTERN_MAX = 200
REPEATS_MAX = 4
TEXT_MAX = 128
"""Labels are cut to so many characters before a pattern is tried: a few repeats need time by a power of the length."""

_ANY_CASE = "(?i)"
_GROUPS = ("(?:", "(?=", "(?!", "(?<=", "(?<!")
_COUNT = re.compile(r"\{(?:\d+(?:,\d*)?|,\d+)\}")


def compiled(text: str) -> re.Pattern[str]:
    """Return a pattern for a whole label.

    Raises
    ------
    ValueError
        If it is none, or one that some text would keep busy for long; with the remedy.
    """
    if len(text) > PATTERN_MAX:
        raise ValueError(f"a pattern has at most {PATTERN_MAX} characters, this one {len(text)}")
    try:
        found = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    _check(text)
    return found


def _check(text: str) -> None:
    """Raise for what may take long. ``text`` is known to compile, so brackets and parentheses close."""
    # For each open group, and for the whole: whether it holds a choice, of lengths or of alternatives.
    choices = [False]
    group_has_choice = False
    n_repeats = 0
    at = len(_ANY_CASE) if text.startswith(_ANY_CASE) else 0
    while at < len(text):
        char = text[at]
        count = _COUNT.match(text, at) if char == "{" else None
        if char in "*+?" or (count is not None):
            n_repeats += 1
            if group_has_choice and char != "?":
                raise ValueError(
                    f"{text!r} repeats a group with repeats or alternatives in it, which may take hours to match;"
                    " take the inner or the outer repeat away"
                )
            choices[-1] = True
            at += 1 if count is None else len(count.group())
            at += text[at : at + 1] in ("?", "+")
            group_has_choice = False
            continue
        group_has_choice = False
        if char == "(":
            at = _behind_opening(text, at)
            choices.append(False)
            continue
        if char == ")":
            group_has_choice = choices.pop()
            choices[-1] |= group_has_choice
        elif char == "|":
            choices[-1] = True
        at = _behind(text, at)
    if n_repeats > REPEATS_MAX:
        raise ValueError(f"{text!r} has {n_repeats} repeats; at most {REPEATS_MAX} of * + ? {{}} are taken")


def _behind_opening(text: str, at: int) -> int:
    if not text.startswith("(?", at):
        return at + 1
    kind = next((one for one in _GROUPS if text.startswith(one, at)), None)
    if kind is None:
        raise ValueError(
            f"{text!r}: of groups that begin with (? only {' '.join(_GROUPS)} are taken, and {_ANY_CASE} at the start"
        )
    return at + len(kind)


def _behind(text: str, at: int) -> int:
    """Return where the next item begins after a character, an escape or a class."""
    if text[at] == "\\":
        if text[at + 1] in "123456789":
            raise ValueError(f"{text!r} refers back to a group, which may take hours to match; write it out")
        return at + 2
    if text[at] != "[":
        return at + 1
    at += 2 if text.startswith("[^", at) else 1
    at += text.startswith("]", at)
    while text[at] != "]":
        at += 2 if text[at] == "\\" else 1
    return at + 1
