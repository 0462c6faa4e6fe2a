import msgspec
import pytest

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import VenueId
from marginwatch.venues.bybit import catalog as catalog_module
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.contract_names import infer_instrument

BYBIT = VenueId("bybit")


@pytest.fixture
def catalog() -> InstrumentCatalog:
    return InstrumentCatalog(BYBIT)


def loaded(category: str, symbol: str, **changes):
    return msgspec.structs.replace(infer_instrument(BYBIT, category, symbol), is_inferred=False, **changes)


def test_an_unknown_symbol_is_inferred_once_and_asked_for_once(catalog) -> None:
    first = catalog.resolve("linear", "BTCUSDT")
    assert catalog.resolve("linear", "BTCUSDT") is first
    assert catalog.take_unknown() == (first,)
    assert catalog.take_unknown() == ()
    assert catalog.known("linear", "BTCUSDT") is None


def test_what_was_loaded_replaces_what_was_inferred(catalog) -> None:
    catalog.resolve("linear", "BTCUSDT")
    real = loaded("linear", "BTCUSDT", tick_size="0.10")
    catalog.learn([real])
    assert catalog.resolve("linear", "BTCUSDT") is real
    assert catalog.known("linear", "BTCUSDT") is real
    assert catalog.take_unknown() == ()


def test_one_symbol_stands_in_several_segments(catalog) -> None:
    assert catalog.resolve("spot", "BTCUSDT").instrument_kind == "spot"
    assert catalog.resolve("linear", "BTCUSDT").instrument_kind == "perpetual"


def test_without_a_segment_the_loaded_contract_counts_before_the_form_of_its_name(catalog) -> None:
    assert catalog.resolve(None, "BTCUSD").category == "inverse"
    catalog.learn([loaded("linear", "ODDTHING")])
    assert catalog.resolve(None, "ODDTHING").category == "linear"
    with pytest.raises(ProtocolError, match="category"):
        catalog.resolve(None, "STRANGER")


def test_an_unknown_segment_is_refused_and_not_remembered(catalog) -> None:
    with pytest.raises(ProtocolError, match="swap"):
        catalog.resolve("swap", "BTCUSDT")
    assert len(catalog) == 0


def test_garbage_on_the_wire_does_not_fill_the_memory(catalog, monkeypatch) -> None:
    monkeypatch.setattr(catalog_module, "INFERRED_MAX", 3)
    for number in range(10):
        assert catalog.resolve("linear", f"X{number}USDT").base_asset == f"X{number}"
    assert len(catalog) == 3
