"""Recorded payloads and a catalog for the parser tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from marginwatch.model.ids import VenueId
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.envelope import open_envelope

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"


@pytest.fixture
def catalog() -> InstrumentCatalog:
    return InstrumentCatalog(VenueId("bybit"))


@pytest.fixture
def payload() -> Callable[[str], bytes]:
    return lambda name: (PAYLOADS / name).read_bytes()


@pytest.fixture
def result_of(payload: Callable[[str], bytes]) -> Callable[[str], msgspec.Raw]:
    return lambda name: open_envelope(payload(name), endpoint="test").result


@pytest.fixture
def raw() -> Callable[[Any], msgspec.Raw]:
    return lambda value: msgspec.Raw(json.dumps(value).encode())
