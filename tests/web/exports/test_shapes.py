"""What the fields of rows hold."""

import pytest

from marginwatch.model.equity import EquitySample
from marginwatch.risk.heavy_rows import CascadeRow
from marginwatch.risk.table_rows import AccountRow, PositionRow
from marginwatch.web.alert_replies import AlertRow, DeliveryRow
from marginwatch.web.exports.shapes import columns_of
from marginwatch.web.exports.tables import TABLES


def test_kinds_of_fields() -> None:
    kinds = {
        shape: {one.name: one.kind for one in columns_of(shape)}
        for shape in (AccountRow, PositionRow, AlertRow, DeliveryRow, EquitySample, CascadeRow)
    }
    assert kinds[AccountRow]["account_id"] == "text"
    assert kinds[AccountRow]["tags"] == "texts"
    assert kinds[AccountRow]["equity_usd"] == "number"
    assert kinds[AccountRow]["is_fresh"] == "flag"
    assert kinds[AccountRow]["n_positions"] == "count"
    assert kinds[AccountRow]["reasons"] == "object"
    # Exact decimals stay exact.
    assert kinds[PositionRow]["quantity"] == "text"
    assert kinds[PositionRow]["ts_venue_ns"] == "moment"
    assert kinds[AlertRow]["state"] == kinds[AlertRow]["scope"] == kinds[AlertRow]["unit"] == "text"
    assert kinds[AlertRow]["channels"] == kinds[AlertRow]["acknowledgement"] == "object"
    assert kinds[DeliveryRow]["row_ids"] == "object"
    assert kinds[EquitySample]["minute_s"] == "count"
    assert kinds[CascadeRow]["left_usd"] == "object"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_says_what_it_holds(table: str) -> None:
    columns = columns_of(TABLES[table].shape)
    assert len({one.name for one in columns}) == len(columns) > 3
    plain = [one for one in columns if one.kind != "object"]
    assert len(plain) >= len(columns) - 5
