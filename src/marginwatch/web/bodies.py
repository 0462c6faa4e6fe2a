"""What a request may hold beside its path, and what is wrong with one: each complaint names the key and the remedy."""

from typing import Annotated, Any, cast

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.model.silence import Matcher

BODY_BYTES_MAX = 16_384
SECONDS_MAX = 90 * 86_400.0

Author = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Comment = Annotated[str, msgspec.Meta(max_length=500)]
ForSeconds = Annotated[float, msgspec.Meta(ge=1.0, le=SECONDS_MAX)]
MatcherText = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class AcknowledgeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who takes care of an alert, and for how many seconds others are not told again."""

    author: Author
    comment: Comment = ""
    for_s: ForSeconds = 7_200.0


class SilenceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not to be told, by whose word, why, and for how many seconds from now or from ``from_ns`` on."""

    matchers: Annotated[tuple[MatcherText, ...], msgspec.Meta(min_length=1, max_length=20)]
    author: Author
    for_s: ForSeconds
    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    from_ns: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None


FROM_MAX_NS = 366 * 86_400 * 10**9
"""A silence begins within a year: further off lies a slip in the unit."""

REMEDIES = {
    "author": "write who you are",
    "comment": "write why, in at most 500 characters",
    "for_s": "write for how many seconds, from 1 to 7776000 (90 days)",
    "matchers": 'write a list such as ["account=mm-1", "severity!=critical"]',
    "btc_move": "write a fraction from -0.99 to 5, such as -0.2 for a fall by 20 %",
    "alt_beta": "write a factor on the betas of all coins but Bitcoin, from 0 to 3",
    "volatility": "write what is added to each implied volatility, from -1 to 3; 0.5 is 50 points",
    "account": "write the id of an account, or leave it out for all",
    "page": "write at most 64 characters that tell one window from another, or leave it out",
    "from_ns": "leave it out to begin now, or write UTC nanoseconds",
}


def require_said(author: str, comment: str, *, is_needed: bool) -> None:
    """Raise if an author, or a comment that is needed, is blank, or if either cannot be shown.

    Both stand in messages, tables and terminals, where what is invisible can turn the meaning of a line round.

    Raises
    ------
    ConfigError
        With the remedy.
    """
    if not author.strip():
        raise ConfigError(f"author: must not be blank; {REMEDIES['author']}")
    if is_needed and not comment.strip():
        raise ConfigError(f"comment: must not be blank; {REMEDIES['comment']}")

    for key, text in (("author", author), ("comment", comment)):
        # Lines of a comment are taken; they are shown as one.
        if not " ".join(text.split()).isprintable():
            raise ConfigError(f"{key}: {text!r} holds characters that cannot be shown; leave them out")


def from_ns_of(given_ns: int | None, now_ns: int) -> int:
    """Return when a silence begins, UTC nanoseconds: never before now.

    Raises
    ------
    ConfigError
        If that is more than a year ahead.
    """
    if given_ns is not None and given_ns - now_ns > FROM_MAX_NS:
        raise ConfigError("from_ns: is more than a year ahead; write UTC nanoseconds")
    return max(now_ns, given_ns or now_ns)


def matchers_of(texts: tuple[str, ...]) -> tuple[Matcher, ...]:
    """Return the matchers written in a body.

    Raises
    ------
    ConfigError
        If one is none, or if each of them is met by whatever lacks its label: that would silence everything.
    """
    try:
        matchers = tuple(Matcher.parse(text) for text in texts)
    except ValueError as error:
        raise ConfigError(f"matchers: {error}") from None
    if all(one.matches({}) for one in matchers):
        raise ConfigError(
            f"matchers: {', '.join(texts)} would silence nearly everything;"
            " name at least one label that an alert must have, such as account=mm-1"
        )
    return matchers


def complaint(extra: object, shape: type[Any] | None) -> str | None:
    """Return what is wrong with a request in a line, from what the framework found; None where it says nothing.

    Parameters
    ----------
    extra : object
        Found: a list of ``message``, ``key`` and ``source``.
    shape : type or None
        Struct of the body, if the route takes one.
    """
    if not isinstance(extra, list):
        return None
    parts = [_part(cast("dict[str, str]", one), shape) for one in cast("list[object]", extra)]
    return "; ".join(parts) or None


def _part(found: dict[str, str], shape: type[Any] | None) -> str:
    message, key = found.get("message", ""), found.get("key", "")
    keys = [] if shape is None else [one.encode_name for one in msgspec.structs.fields(shape)]
    if key == "data" and message == "'data'":
        return f"the body is empty; send a JSON object with {', '.join(keys)}"
    words = message.replace("Object ", "the body ").replace(" | null`", "`").replace("`", "'")
    named = next((one for one in keys if f"field '{one}'" in words), key.split(".")[0].split("[")[0])
    if "unknown field" in words:
        return f"{words}; there is: {', '.join(keys)}"
    remedy = f"; {REMEDIES[named]}" if named in REMEDIES else ""
    return f"{words}{remedy}" if key == "data" else f"{key}: {words}{remedy}"
