"""The built dashboard, from a folder that looks like a build, over real sockets."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio

from marginwatch.model.secret import Secret
from marginwatch.web.access.access import Access
from marginwatch.web.gate import Gate
from marginwatch.web.pages import FOLDER, Pages, accepts_gzip
from marginwatch.web.server import WebServer

PAGE = '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><script type="module" src="./assets/index-1a2b.js"></script>'
SCRIPT = b"export const answer = 42;\n" * 500


async def no_route(scope: object, receive: object, send: object) -> None:
    raise AssertionError(f"a page is not asked for from the routes: {scope}")


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "assets" / "index-1a2b.js").write_bytes(SCRIPT)
    (folder / "assets" / "index-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    for name in ("index-3c4d.css", "logo-5e.svg", "font-6f.woff2", "chart-7a.wasm", "odd-8b.xyz"):
        (folder / "assets" / name).write_bytes(b"/* */")
    (folder / "favicon.ico").write_bytes(b"icon")
    (tmp_path / "secret.js").write_text("secret")
    (folder / "assets" / "link.js").symlink_to(tmp_path / "secret.js")
    return folder


@pytest_asyncio.fixture
async def site(build: Path) -> AsyncIterator[SimpleNamespace]:
    server = WebServer(Gate(no_route, Access(Secret("t0ken")), Pages(build)), port=0)
    await server.start()
    async with aiohttp.ClientSession(auto_decompress=False) as http:

        async def get(path: str, method: str = "GET", **headers: str) -> SimpleNamespace:
            sent = {"Accept-Encoding": "identity"} | {n.replace("_", "-"): v for n, v in headers.items()}
            async with http.request(method, server.url + path, headers=sent, allow_redirects=False) as reply:
                body = await reply.read()
                return SimpleNamespace(
                    status=reply.status, headers=reply.headers, body=body, text=body.decode("latin-1")
                )

        yield SimpleNamespace(get=get, server=server)
    await server.stop()


async def test_the_page_comes_to_everybody_with_a_nonce_of_its_own(site: SimpleNamespace) -> None:
    nonces = set()
    for _ in range(3):
        reply = await site.get("/")
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert reply.headers["Cache-Control"] == "no-store"
        nonce = re.search(r'nonce="([^"]+)"', reply.text)
        assert nonce is not None
        nonces.add(nonce.group(1))
        policy = dict(
            part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";")
        )
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": f"'self' 'nonce-{nonce.group(1)}'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "connect-src": "'self'",
            "manifest-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert len(reply.headers.getall("Content-Security-Policy")) == 1
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.text == PAGE.replace("__CSP_NONCE__", nonce.group(1))
    assert len(nonces) == 3
    assert all(len(one) >= 22 for one in nonces), "at least 128 bits"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index-1a2b.js", "text/javascript; charset=utf-8"),
        ("index-3c4d.css", "text/css; charset=utf-8"),
        ("logo-5e.svg", "image/svg+xml"),
        ("font-6f.woff2", "font/woff2"),
        ("chart-7a.wasm", "application/wasm"),
        ("odd-8b.xyz", "application/octet-stream"),
    ],
)
async def test_assets_may_be_kept_for_ever(site: SimpleNamespace, build: Path, name: str, kind: str) -> None:
    reply = await site.get(f"/assets/{name}")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == kind
    assert reply.headers.getall("Cache-Control") == ["public, max-age=31536000, immutable"]
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.body == (build / "assets" / name).read_bytes()


async def test_what_is_compressed_goes_to_those_who_take_it(site: SimpleNamespace) -> None:
    path = "/assets/index-1a2b.js"
    packed = await site.get(path, Accept_Encoding="br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == SCRIPT
    plain = await site.get(path)
    assert "Content-Encoding" not in plain.headers
    assert plain.body == SCRIPT
    assert packed.headers["Vary"] == plain.headers["Vary"] == "accept-encoding"
    assert "Vary" not in (await site.get("/assets/index-3c4d.css")).headers
    assert (await site.get(f"{path}.gz")).status == 404


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("br", False),
        ("", False),
        ("identity, *;q=0", False),
    ],
)
def test_what_a_browser_takes(said: str, is_taken: bool) -> None:
    assert accepts_gzip([(b"accept-encoding", said.encode())]) is is_taken


async def test_a_head_has_the_length_and_no_body(site: SimpleNamespace) -> None:
    for path, length in (("/", None), ("/assets/index-1a2b.js", len(SCRIPT))):
        reply = await site.get(path, method="HEAD")
        assert reply.status == 200
        assert reply.body == b""
        assert length is None or int(reply.headers["Content-Length"]) == length


async def test_no_path_leads_anywhere_else(site: SimpleNamespace) -> None:
    host, port = site.server.url.removeprefix("http://").split(":")
    for target in (
        "/assets/../secret.js",
        "/assets/../index.html",
        "/assets/%2e%2e/secret.js",
        "/assets/..%2f..%2fsecret.js",
        "/assets/..\\..\\secret.js",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/link.js",
        "/assets/",
        "/assets/index-1a2b.js/",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 404"), target
        assert b"secret" not in answer.lower().partition(b"\r\n\r\n")[2]


async def test_what_is_no_page_is_behind_the_wall_and_pages_are_only_read(site: SimpleNamespace) -> None:
    for path in ("/index.html", "/nowhere", "/assets", "/static/index.html"):
        assert (await site.get(path)).status == 401
    assert (await site.get("/favicon.ico")).body == b"icon"
    for method in ("POST", "DELETE", "OPTIONS"):
        reply = await site.get("/", method=method)
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


async def test_a_build_that_changes_beneath_a_running_service_does_not_mix(
    site: SimpleNamespace, build: Path
) -> None:
    (build / "assets" / "index-1a2b.js").write_text("other")
    (build / "assets" / "index-9z.js").write_text("new")
    assert (await site.get("/assets/index-1a2b.js")).body == SCRIPT
    assert (await site.get("/assets/index-9z.js")).status == 404


async def test_without_a_build_it_says_how_to_make_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        pages = Pages(folder)
        assert not pages.is_built
        server = WebServer(Gate(no_route, Access(Secret("t0ken")), pages), port=0)
        await server.start()
        async with aiohttp.ClientSession() as http, http.get(server.url + "/") as reply:
            assert reply.status == 503
            assert reply.content_type == "text/plain"
            assert "make install" in await reply.text()
        await server.stop()


def test_the_build_goes_where_it_is_looked_for() -> None:
    config = (Path(__file__).parents[2] / "ui" / "vite.config.ts").read_text()
    (target,) = re.findall(r'outDir: "\.\./([^"]+)"', config)
    assert Path(__file__).parents[2] / target == FOLDER
