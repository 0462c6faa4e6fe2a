"""Who says something to the service, and for how long it shall hold."""

import getpass

from marginwatch.config.durations import seconds_of
from marginwatch.errors import ConfigError


def author_of(option: str | None) -> str:
    """Return who speaks: the option, or whoever is logged in.

    Raises
    ------
    ConfigError
        If neither says, for everybody shall see who it was.
    """
    if option is not None:
        return option
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise ConfigError("nobody is logged in by a name here; say who you are with --author") from None


def duration_of(name: str, text: str) -> float:
    """Return the seconds of a duration given as an option.

    Raises
    ------
    ConfigError
        If it is none.
    """
    try:
        return seconds_of(text)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None
