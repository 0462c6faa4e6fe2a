"""What clients say: which topics they want, in which words, and what is wrong with them."""

from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from marginwatch.errors import ConfigError

TOPICS_MAX = 16
MESSAGE_BYTES_MAX = 4_096

NO_MESSAGE = 'write {"subscribe": ["overview", "accounts"]} or {"resync": "accounts"}'


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message of a client: the topics that it wants from now on instead of all others, or one of which it wants all again."""

    subscribe: tuple[str, ...] | None = None
    resync: str | None = None


class Topic(NamedTuple):
    """A topic: its words as they were said, the name in front, and what follows it."""

    text: str
    name: str
    asked: dict[str, str]


_decoder = msgspec.json.Decoder(Said)


def read(text: str) -> Said:
    """Return what a client says.

    Raises
    ------
    ConfigError
        If it is none of the two things that can be said.
    """
    try:
        said = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigError(f"{error}; {NO_MESSAGE}") from None
    if (said.subscribe is None) == (said.resync is None):
        raise ConfigError(NO_MESSAGE)
    if said.subscribe is not None and len(set(said.subscribe)) > TOPICS_MAX:
        raise ConfigError(f"subscribe: at most {TOPICS_MAX} topics at once; leave out what is not shown")
    return said


def parse(text: str) -> Topic:
    """Return a topic such as ``exposure?by=asset``.

    Raises
    ------
    ConfigError
        If what follows the name is no query, or says something twice.
    """
    name, mark, query = text.partition("?")
    if not mark:
        return Topic(text, name, {})
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=TOPICS_MAX)
    except ValueError as error:
        raise ConfigError(f"{query!r} is no query: {error}; write it as in an address: by=asset") from None
    asked = dict(pairs)
    if len(asked) != len(pairs):
        raise ConfigError(f"{query!r} says something twice")
    return Topic(text, name, asked)
