"""Where an account's venue is spoken to: an environment of its manifest, or explicit URLs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marginwatch.config.masking import shown
from marginwatch.config.table import nearest
from marginwatch.errors import ConfigError
from marginwatch.model.account import Endpoints
from marginwatch.model.ids import VenueId
from marginwatch.venues.base import VenueManifest
from marginwatch.venues.bybit.manifest import MANIFEST as BYBIT

MANIFESTS: Mapping[str, VenueManifest] = {BYBIT.exchange: BYBIT}
"""Exchange as written in the file → its facts."""


def endpoints_of(
    exchange: str, environment: str | None, urls: Mapping[str, Any] | None
) -> tuple[str, VenueId, Endpoints]:
    """Return exchange, venue and hosts of one account.

    Raises
    ------
    ConfigError
        With ``reason`` naming the key that is wrong: ``venue``, ``environment`` or ``urls``.
    """
    manifest = MANIFESTS.get(exchange)
    if manifest is None:
        raise ConfigError(
            f"unknown venue {shown(exchange)}; {nearest(exchange, list(MANIFESTS))}", reason="venue"
        )
    if urls is None:
        name = "live" if environment is None else environment
        if name not in manifest.environments:
            remedy = nearest(name, list(manifest.environments))
            raise ConfigError(f"{exchange} has no environment {shown(name)}; {remedy}", reason="environment")
        return exchange, manifest.venue_id(name), manifest.environments[name]
    if environment is not None:
        raise ConfigError("environment and urls exclude each other; remove one of them", reason="urls")
    endpoints = _endpoints_from(manifest, urls)
    return exchange, VenueId(f"{exchange}@{urlsplit(endpoints.rest).netloc}"), endpoints


def _endpoints_from(manifest: VenueManifest, urls: Mapping[str, Any]) -> Endpoints:
    known = ["rest", "private", "public"]
    for key in urls:
        if key not in known:
            raise ConfigError(f"urls has no {shown(key)}; {nearest(key, known)}", reason="urls")
    for key in known:
        if key not in urls:
            raise ConfigError(f"urls lacks {key!r}; it needs rest, private and public", reason="urls")
    return Endpoints(
        rest=_url("rest", urls["rest"], ("https", "http")),
        private=_url("private", urls["private"], ("wss", "ws")),
        public=_public_urls(manifest, urls["public"]),
    )


def _public_urls(manifest: VenueManifest, given: object) -> dict[str, str]:
    """Return the public stream of each category: a table as given, or a base to which ``/category`` is added."""
    categories = list(manifest.environments["live"].public)
    if isinstance(given, str):
        base = _url("public", given, ("wss", "ws"))
        return {category: f"{base}/{category}" for category in categories}
    if not isinstance(given, dict) or not given:
        raise ConfigError(
            f"urls.public must be a base URL or a table of {', '.join(categories)}", reason="urls"
        )
    table: dict[str, object] = {str(key): value for key, value in given.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # TOML keys are texts
    for category in table:
        if category not in categories:
            raise ConfigError(
                f"urls.public has no {shown(category)}; {nearest(category, categories)}", reason="urls"
            )
    return {category: _url(f"public.{category}", url, ("wss", "ws")) for category, url in table.items()}


def _url(key: str, text: object, schemes: tuple[str, ...]) -> str:
    if not isinstance(text, str):
        raise ConfigError(f"urls.{key} must be a text in quotes", reason="urls")
    example = f"{schemes[0]}://host:port"
    try:
        parts = urlsplit(text)
        is_usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ConfigError(f"urls.{key} is not a URL; write {example}", reason="urls") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"urls.{key} holds a user name or a password; keys go to api_key and api_secret", reason="urls"
        )
    if parts.scheme not in schemes or not is_usable or parts.query or parts.fragment:
        raise ConfigError(f"urls.{key} {text!r} is not usable; write {example}", reason="urls")
    return text.rstrip("/")
