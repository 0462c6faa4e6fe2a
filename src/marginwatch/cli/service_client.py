"""Ask a running service; every way in which it may not answer is an error with a remedy."""

import http.client
import os
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from marginwatch.config.loader import load_service
from marginwatch.config.secrets import parse_reference, resolve
from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.secret import Secret
from marginwatch.web.token import read_token

TIMEOUT_S = 10.0
REPLY_BYTES_MAX = 512 * 1024 * 1024
DEFAULT_CONFIG = "marginwatch.toml"
DEFAULT_TOKEN_FILE = "marginwatch-data/api-token"  # noqa: S105  # a path, not a token
TOKEN_VARIABLE = "MARGINWATCH_TOKEN"  # noqa: S105  # a name, not a token

T = TypeVar("T", bound=msgspec.Struct)


def find_token(option: str | None, config: str | None) -> Secret:
    """Return the token: the option's, the environment's, or that of the service configured here.

    Raises
    ------
    ConfigError
        If there is none, naming the places looked at.
    """
    if option is not None:
        if option.partition(":")[0] in ("env", "file", "keyring"):
            return resolve(parse_reference(option), Path())[0]
        return Secret(option)
    if from_environment := os.environ.get(TOKEN_VARIABLE, "").strip():
        return Secret(from_environment)
    if config is not None or Path(DEFAULT_CONFIG).exists():
        service = load_service(config or DEFAULT_CONFIG)
        return service.token or read_token(service.token_file)
    if Path(DEFAULT_TOKEN_FILE).exists():
        return read_token(Path(DEFAULT_TOKEN_FILE))
    raise ConfigError(
        f"no token for the service: give --token, set {TOKEN_VARIABLE}, or name its configuration with -c"
    )


def service_url(option: str | None, config: str | None) -> str:
    """Return where the service answers: the option, or the address in the configuration that is named or here.

    Raises
    ------
    ConfigError
        If there is neither, or the configuration lets the system choose the port.
    """
    if option is not None:
        return option
    if config is None and not Path(DEFAULT_CONFIG).exists():
        raise ConfigError(
            f"which service? name it with --url, such as http://127.0.0.1:8600, or its configuration with -c;"
            f" there is no {DEFAULT_CONFIG} here"
        )
    service = load_service(config or DEFAULT_CONFIG)
    if service.port == 0:
        raise ConfigError("[service] port = 0 lets the system choose; name the service with --url")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(service.host, service.host)  # noqa: S104  # nobody is bound to it
    return f"http://[{host}]:{service.port}" if ":" in host else f"http://{host}:{service.port}"


def fetch(url: str, path: str, token: Secret, shape: type[T]) -> T:
    """Return the reply to one GET.

    Parameters
    ----------
    url : str
        Base URL of the service.
    path : str
        Path below it, with its query.
    token : Secret
        Shown to the service.
    shape : type
        Struct that the reply decodes to; fields added by a newer service are ignored.

    Raises
    ------
    ConfigError
        If the URL cannot be used, the token is not accepted, or the service refuses what it is asked.
    ConnectivityError
        If nothing answers, the service is not ready, or whatever answers there is not one of ours.
    """
    try:
        return msgspec.json.decode(fetch_body(url, path, token), type=shape)
    except msgspec.DecodeError as error:
        raise _stranger(url, str(error)) from error


def send(url: str, method: str, path: str, token: Secret, body: object, shape: type[T]) -> T:
    """Return the reply to one request that changes something; raises as :func:`fetch`.

    Parameters
    ----------
    url, path, token, shape
        As for :func:`fetch`; a reply without a body decodes as an empty object.
    method : str
        ``POST`` or ``DELETE``.
    body : object
        Sent as JSON; None sends none.
    """
    data = None if body is None else msgspec.json.encode(body)
    try:
        return msgspec.json.decode(fetch_body(url, path, token, method, data) or b"{}", type=shape)
    except msgspec.DecodeError as error:
        raise _stranger(url, str(error)) from error


def fetch_body(url: str, path: str, token: Secret, method: str = "GET", data: bytes | None = None) -> bytes:
    """Return the body of the reply to one request, a GET if nothing else is said, as it came; raises as :func:`fetch`."""
    status, body = _ask(url, path, token, method, data)
    if status in (401, 403):
        raise ConfigError(
            f"{url} does not accept this token; the service's is in its data_dir or its configuration"
        )
    # Our refusals begin with their number; a page of another program is no verdict on what we asked.
    is_ours = body.startswith(f"{status}: ".encode())
    if status in (400, 404, 413) and is_ours and (status != 404 or not body.startswith(b"404: Not Found")):
        raise ConfigError(_words(body, f"{status}: "))
    if status == 503 and is_ours:
        raise ConnectivityError(f"{url}: {_words(body, '503: ')}")
    if status not in (200, 201, 204):
        raise _stranger(url, f"it answers {status} to {path.partition('?')[0]}")
    return body


def _stranger(url: str, what: str) -> ConnectivityError:
    return ConnectivityError(f"{url} is not a marginwatch service of this version: {' '.join(what.split())}")


def _check_header(token: Secret) -> None:
    text = token.reveal()
    if not text.isprintable() or not text.isascii():
        raise ConfigError("the token holds characters that a header cannot carry")


def _ask(url: str, path: str, token: Secret, method: str, data: bytes | None) -> tuple[int, bytes]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.username is not None or parts.password is not None:
        raise ConfigError("--url holds a user name or a password; the service wants its token: --token")
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise ConfigError(f"--url {url!r} is not usable; write http://host:port")
    _check_header(token)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=TIMEOUT_S)
    try:
        headers = {"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, parts.path.rstrip("/") + path, body=data, headers=headers)
        except ValueError as error:
            raise ConfigError(f"--url {url!r} is not usable; write http://host:port") from error
        reply = connection.getresponse()
        body = reply.read(REPLY_BYTES_MAX + 1)
    except ValueError as error:
        raise _stranger(url, str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        reason = " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
        raise ConnectivityError(f"cannot reach {url}: {reason}; is the service running there?") from error
    finally:
        connection.close()
    if len(body) > REPLY_BYTES_MAX:
        raise _stranger(url, "its answer is longer than 512 MiB")
    if reply.length:
        raise ConnectivityError(f"{url} went away in the middle of its answer; ask again")
    return reply.status, body


def _words(body: bytes, prefix: str) -> str:
    """Return the message of a refusal in one line; whoever answers there may not be one of ours."""
    return " ".join(body[:300].decode(errors="replace").removeprefix(prefix).split())
