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


REMEDIES = {
    "author": "write who you are",
    "comment": "write why, in at most 500 characters",
    "for_s": "write for how many seconds, from 1 to 7776000 (90 days)",
    "matchers": 'write a list such as ["account=mm-1", "severity!=critical"]',
    "from_ns": "leave it out to begin now, or write UTC nanoseconds",
}


def require_said(author: str, comment: str | None = None) -> None:
    """Raise if an author, or a comment that is needed, is blank.

    Raises
    ------
    ConfigError
        With the remedy.
    """
    if not author.strip():
        raise ConfigError(f"author: must not be blank; {REMEDIES['author']}")
    if comment is not None and not comment.strip():
        raise ConfigError(f"comment: must not be blank; {REMEDIES['comment']}")


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
