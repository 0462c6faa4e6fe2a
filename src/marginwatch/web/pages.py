"""The built dashboard: one page and its assets, read once at the start and served by name."""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from litestar.types import HTTPResponseStartEvent, HTTPScope, Send

FOLDER = Path(__file__).parent / "static"
"""Where the build puts it."""

ASSETS = "/assets/"

NONCE = b"__CSP_NONCE__"
"""Stands in the page for the nonce of each reply."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

NOT_BUILT = b"""\
503: the dashboard was not built.
In a checkout of the sources run:  make install
and start the service again. The API and all commands work without it.
"""

TYPES: Mapping[str, bytes] = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".jpg": b"image/jpeg",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".md": b"text/plain; charset=utf-8",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".ttf": b"font/ttf",
    ".txt": b"text/plain; charset=utf-8",
    ".wasm": b"application/wasm",
    ".webmanifest": b"application/manifest+json",
    ".webp": b"image/webp",
    ".woff": b"font/woff",
    ".woff2": b"font/woff2",
}

TEXT = b"text/plain; charset=utf-8"

Header = tuple[bytes, bytes]


class _File(msgspec.Struct, frozen=True, gc=False):
    """One file: its type, its bytes, and the same compressed if the build made that."""

    kind: bytes
    content: bytes
    compressed: bytes | None


class Pages:
    """The files of one folder.

    They are kept in memory: a few megabytes, and an upgrade beneath a running service cannot mix two builds. Only names
    listed at the start are answered, so no path leads anywhere else.

    Parameters
    ----------
    folder : Path
        What the build wrote; one without ``index.html`` answers with how to build it.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if _is_plain(path)}
        self._files = {
            f"/{name}": _File(
                kind=TYPES.get(path.suffix, b"application/octet-stream"),
                content=path.read_bytes(),
                compressed=found[f"{name}.gz"].read_bytes() if f"{name}.gz" in found else None,
            )
            for name, path in found.items()
            if path.suffix != ".gz" and name != "index.html"
        }
        self._page = found["index.html"].read_bytes() if "index.html" in found else None

    @property
    def is_built(self) -> bool:
        """Whether there is a page."""
        return self._page is not None

    def has(self, path: str) -> bool:
        """Return whether a path is answered here, if only with 404: the page, its files, and all that may be an asset."""
        return path == "/" or path in self._files or path.startswith(ASSETS)

    async def answer(self, scope: HTTPScope, send: Send) -> None:
        """Answer one request for a path that :meth:`has`."""
        path, method = scope["path"], scope["method"]
        if method not in ("GET", "HEAD"):
            await _send(
                send, 405, [(b"allow", b"GET, HEAD"), (b"content-type", TEXT)], b"405: only to be read\n"
            )
            return
        status, headers, body = (
            self._index() if path == "/" else self._asset(path, accepts_gzip(scope["headers"]))
        )
        await _send(send, status, headers, body, is_head=method == "HEAD")

    def _index(self) -> tuple[int, list[Header], bytes]:
        if self._page is None:
            return 503, [(b"content-type", TEXT)], NOT_BUILT
        nonce = secrets.token_urlsafe(18)
        headers = [
            (b"content-type", TYPES[".html"]),
            (b"content-security-policy", PAGE_POLICY.format(nonce=nonce).encode()),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]
        return 200, headers, self._page.replace(NONCE, nonce.encode())

    def _asset(self, path: str, is_gzip_accepted: bool) -> tuple[int, list[Header], bytes]:
        file = self._files.get(path)
        if file is None:
            return 404, [(b"content-type", TEXT)], b"404: no such file; load the page again\n"
        headers = [(b"content-type", file.kind)]
        if path.startswith(ASSETS):
            # Its name changes with its content.
            headers.append((b"cache-control", b"public, max-age=31536000, immutable"))
        if file.compressed is None:
            return 200, headers, file.content
        headers.append((b"vary", b"accept-encoding"))
        if not is_gzip_accepted:
            return 200, headers, file.content
        return 200, [*headers, (b"content-encoding", b"gzip")], file.compressed


def accepts_gzip(headers: Iterable[Header]) -> bool:
    """Return whether a reply may be compressed: ``gzip`` or ``*`` is named, and not with the weight 0."""
    for name, value in headers:
        if name != b"accept-encoding":
            continue
        for word in value.decode("latin-1").lower().split(","):
            coding, _, weight = word.partition(";")
            if coding.strip() in ("gzip", "*"):
                return weight.replace(" ", "").rstrip("0").rstrip(".") not in ("q=", "q=0")
    return False


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


async def _send(
    send: Send, status: int, headers: list[Header], body: bytes, *, is_head: bool = False
) -> None:
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": status,
        "headers": [*headers, (b"content-length", str(len(body)).encode())],
    }
    await send(start)
    await send({"type": "http.response.body", "body": b"" if is_head else body, "more_body": False})
