"""Replies of heavy measures: long lists keep what weighs most."""

from dataclasses import replace

import pytest
from tests.risk.conftest import random_world

from marginwatch.model.ids import AccountId
from marginwatch.risk.calendar_rows import AdlRow, ExpiryCalendar, FundingCalendar, FundingRow
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.levels import CalendarFigures
from marginwatch.risk.heavy.parts import Part
from marginwatch.web.replies import accounts_reply
from marginwatch.web.risk_replies import calendars_reply, margin_reply


def funding(name: str, horizon_usd: float | None) -> FundingRow:
    numbers = dict.fromkeys(
        (
            "quantity",
            "funding_rate",
            "interval_s",
            "next_at_ns",
            "next_usd",
            "n_payments",
            "paid_usd",
            "received_usd",
        )
    )
    return FundingRow(account_id=AccountId(name), instrument_id="x", horizon_usd=horizon_usd, **numbers)


def with_calendars() -> Frame:
    frame = random_world(2, 20).frame()
    positions = [funding(f"p{place}", usd) for place, usd in enumerate([1.0, None, -90.0, 40.0, -2.0])]
    queue = [
        AdlRow(
            account_id=AccountId(f"q{place}"), instrument_id="x", quantity=1.0, rank=rank, notional_usd=usd
        )
        for place, (rank, usd) in enumerate([(1, 9.0), (None, None), (5, 1.0), (5, 3.0)])
    ]
    calendar = FundingCalendar(
        hours=24.0,
        next_at_ns=None,
        horizon_usd=-51.0,
        paid_usd=92.0,
        received_usd=41.0,
        accounts=(),
        positions=tuple(positions),
        left_out=("a", "b", "c"),
    )
    figures = CalendarFigures(calendar, (), tuple(queue), ExpiryCalendar(dates=(), positions=()))
    part = Part(at_ns=frame.at_ns, value=figures, reason=None, good_for_s=60.0)
    return replace(frame, heavy=replace(frame.heavy, calendars=part))


def test_of_long_lists_what_weighs_most_is_shown_and_the_rest_counted() -> None:
    reply = calendars_reply(with_calendars(), 2)
    assert reply.funding is not None
    assert [row.account_id for row in reply.funding.positions] == ["p2", "p3"]
    assert [row.account_id for row in reply.deleveraging] == ["q2", "q3"]
    assert reply.funding.left_out == ("a", "b")
    assert reply.funding.horizon_usd == -51.0, "sums are of all"
    assert reply.not_shown == {"funding.positions": 3, "funding.left_out": 1, "deleveraging": 2}
    whole = calendars_reply(with_calendars())
    assert whole.not_shown == {}
    assert whole.funding is not None
    assert len(whole.funding.positions) == 5


@pytest.mark.parametrize(
    "wanted", [{"account": "A1"}, {"desk": "MM"}, {"venue": "bybit"}, {"account": "a1", "desk": "arb"}]
)
def test_accounts_asked_for_by_name_are_those_among_all(wanted: dict[str, str]) -> None:
    frame = random_world(2, 20).frame()
    fields = {"account": "account_id"}
    every = [
        row
        for row in accounts_reply(frame).rows
        if all(
            (getattr(row, fields.get(name, name)) or "").casefold() == one.casefold()
            for name, one in wanted.items()
        )
    ]
    assert list(accounts_reply(frame, **wanted).rows) == every
    assert list(margin_reply(frame, **wanted).rows) == every
