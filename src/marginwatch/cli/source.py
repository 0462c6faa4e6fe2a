"""Where a command's rows come from: one reading of the configured accounts, or a running service."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from marginwatch.cli.service_client import DEFAULT_CONFIG, fetch, find_token
from marginwatch.errors import ConfigError
from marginwatch.risk.frame import Frame
from marginwatch.web.replies import Reply

T = TypeVar("T", bound=Reply)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller named.

    Parameters
    ----------
    config : str or None
        Configuration file.
    url, token : str or None
        A running service and its token; with ``url``, ``config`` only serves to find the token.
    """

    config: str | None = None
    url: str | None = None
    token: str | None = None

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
            If nothing was named and there is no ``marginwatch.toml`` here.
        """
        if self.url is not None:
            given = {name: value for name, value in query.items() if value is not None}
            whole = f"{path}?{urlencode(given)}" if given else path
            return fetch(self.url, whole, find_token(self.token, self.config), shape)
        if self.config is None and not Path(DEFAULT_CONFIG).exists():
            raise ConfigError(
                f"there is no {DEFAULT_CONFIG} here; name one with -c, or a running service with --url"
            )
        return build(_one_frame(self.config or DEFAULT_CONFIG))


def _one_frame(path: str) -> Frame:
    from marginwatch.app.reading import one_shot
    from marginwatch.cli.waiting import WaitingLine
    from marginwatch.config import load_watched
    from marginwatch.logs import configure_logs

    config = load_watched(path)
    # Stdout belongs to the rows; what is wrong with an account stands in "not included".
    scrubber = configure_logs(config.service.log_format, "error")
    for spec in config.accounts:
        scrubber.learn((spec.api_key, spec.api_secret, spec.passphrase))
    for warning in config.warnings:
        sys.stderr.write(f"marginwatch: {warning}\n")
    with WaitingLine() as waiting:
        return asyncio.run(one_shot(config, on_wait=waiting))
