"""Where a command's rows come from: one reading of the configured accounts, a running service, or a book file."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import msgspec

from marginwatch.cli.service_client import DEFAULT_CONFIG, fetch, find_token
from marginwatch.errors import ConfigError
from marginwatch.risk.frame import Frame
from marginwatch.web.replies import Reply

if TYPE_CHECKING:
    from marginwatch.config import Config

T = TypeVar("T", bound=Reply)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller named.

    Parameters
    ----------
    config : str or None
        Configuration file.
    url, token : str or None
        A running service and its token; with ``url``, ``config`` only serves to find the token.
    book : str or None
        A book file.
    is_heavy, wants_closes : bool
        Whether what is too heavy for a frame is wanted, and price histories for it.
    """

    config: str | None = None
    url: str | None = None
    token: str | None = None
    book: str | None = None
    is_heavy: bool = False
    wants_closes: bool = False

    def read(self, path: str, shape: type[T], build: Callable[[Frame], T], **query: str | None) -> T:
        """Return one reply.

        Parameters
        ----------
        path : str
            Route of the service.
        shape : type
            Struct of the reply.
        build : callable
            Makes the same reply from a frame of our own.
        **query : str or None
            For the service; None is left out.

        Raises
        ------
        ConfigError
            If nothing was named and there is no ``marginwatch.toml`` here, or both a service and a file.
        """
        if self.book is not None:
            return self._from_file(self.book, build)
        if self.url is not None:
            given = {name: value for name, value in query.items() if value is not None}
            whole = f"{path}?{urlencode(given)}" if given else path
            return fetch(self.url, whole, find_token(self.token, self.config), shape)
        return build(self._one_frame(configuration_here(self.config)))

    def _from_file(self, path: str, build: Callable[[Frame], T]) -> T:
        from marginwatch.app.filed import filed_frame
        from marginwatch.logs import configure_logs

        if self.url is not None:
            raise ConfigError("--book and --url exclude each other; leave out one of the two")
        # What cannot be reckoned stands with its reason in the rows.
        configure_logs("console", "critical")
        filed = asyncio.run(filed_frame(path, is_heavy=self.is_heavy))
        reply = build(filed.frame)
        return msgspec.structs.replace(reply, assumptions=filed.assumptions)

    def _one_frame(self, path: str) -> Frame:
        config = watched(path)
        from marginwatch.app.reading import one_shot
        from marginwatch.cli.waiting import WaitingLine

        with WaitingLine() as waiting:
            return asyncio.run(
                one_shot(config, on_wait=waiting, is_heavy=self.is_heavy, wants_closes=self.wants_closes)
            )


def configuration_here(named: str | None) -> str:
    """Return the configuration that was named, or that of this folder.

    Raises
    ------
    ConfigError
        If there is neither.
    """
    if named is None and not Path(DEFAULT_CONFIG).exists():
        raise ConfigError(
            f"there is no {DEFAULT_CONFIG} here; name one with -c, or a running service with --url"
        )
    return named or DEFAULT_CONFIG


def watched(path: str) -> "Config":
    """Return the configuration in ``path`` for one reading; its warnings go to stderr, its secrets into no log."""
    from marginwatch.config import load_watched
    from marginwatch.logs import configure_logs

    config = load_watched(path)
    # Stdout belongs to the rows; what is wrong with an account stands in "not included".
    scrubber = configure_logs(config.service.log_format, "error")
    for spec in config.accounts:
        scrubber.learn((spec.api_key, spec.api_secret, spec.passphrase))
    for warning in config.warnings:
        sys.stderr.write(f"marginwatch: {warning}\n")
    return config
