"""Where a command's rows come from: one reading of the configured accounts, a running service, or a book file."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import msgspec

from marginwatch.cli.service_client import DEFAULT_CONFIG, fetch, fetch_body, find_token
from marginwatch.errors import ConfigError
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.asked import Asked
from marginwatch.web.replies import Reply

if TYPE_CHECKING:
    from marginwatch.bookfile.rows import BookFile
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
    asked : Asked or None
        What is wanted of what is too heavy for a frame.
    wants_closes : bool
        Whether price histories are wanted for it.
    is_reckoned_here : bool
        Whether a service is asked for its whole book instead of for its answer: it only reckons what is usual.
    """

    config: str | None = None
    url: str | None = None
    token: str | None = None
    book: str | None = None
    asked: Asked | None = None
    wants_closes: bool = False
    is_reckoned_here: bool = False

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
        if self.url is not None and self.is_reckoned_here:
            return self._from_book_of(self.url, build)
        if self.url is not None:
            given = {name: value for name, value in query.items() if value is not None}
            whole = f"{path}?{urlencode(given)}" if given else path
            return fetch(self.url, whole, find_token(self.token, self.config), shape)
        return build(self._one_frame(configuration_here(self.config)))

    def _from_file(self, path: str, build: Callable[[Frame], T]) -> T:
        from marginwatch.bookfile.text import read_book_file

        if self.url is not None:
            raise ConfigError("--book and --url exclude each other; leave out one of the two")
        return self._from_book(read_book_file(path), build)

    def _from_book_of(self, url: str, build: Callable[[Frame], T]) -> T:
        from marginwatch.bookfile.text import parse_book

        body = fetch_body(url, "/api/v1/book", find_token(self.token, self.config))
        return self._from_book(parse_book(body, url), build)

    def _from_book(self, book: "BookFile", build: Callable[[Frame], T]) -> T:
        from marginwatch.app.filed import filed_frame
        from marginwatch.logs import configure_logs

        # What cannot be reckoned stands with its reason in the rows.
        configure_logs("console", "critical")
        filed = asyncio.run(filed_frame(book, asked=self.asked))
        reply = build(filed.frame)
        return msgspec.structs.replace(reply, assumptions=filed.assumptions)

    def _one_frame(self, path: str) -> Frame:
        config = watched(path)
        from marginwatch.app.reading import one_shot
        from marginwatch.cli.waiting import WaitingLine

        with WaitingLine() as waiting:
            return asyncio.run(
                one_shot(config, on_wait=waiting, asked=self.asked, wants_closes=self.wants_closes)
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
