"""From the wire to the outbox and to people: measured where a message is behind it, and once."""

from types import SimpleNamespace

import pytest

from marginwatch.app.alerting import latencies
from marginwatch.app.alerting.latencies import AlertLatencies
from marginwatch.model.delivery import SendReason

MS = 1_000_000


def row(transition_id: str | None, reason: SendReason = SendReason.FIRED) -> SimpleNamespace:
    return SimpleNamespace(transition_id=transition_id, reason=reason)


def transitions(*names: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(transition_id=name) for name in names]


def test_what_a_message_brought_is_measured_to_the_outbox_and_to_each_channel() -> None:
    of = AlertLatencies()
    of.note_written(transitions("a", "b"), [1_000 * MS, None], 1_004 * MS)
    assert (of.to_outbox.n, of.to_outbox.sum_s) == (1, pytest.approx(0.004))
    of.note_sent("phone", [row("a"), row("b"), row(None), row("from before")], 1_304 * MS)
    of.note_sent("mail", [row("a", SendReason.RAISED)], 1_500 * MS)
    assert {name: one.n for name, one in of.to_sent.items()} == {"phone": 1, "mail": 1}
    assert of.to_sent["phone"].sum_s == pytest.approx(0.304)


def test_what_time_brought_is_no_way_from_the_wire() -> None:
    of = AlertLatencies()
    of.note_written(transitions("a"), [0], MS)
    for reason in (SendReason.REPEATED, SendReason.ESCALATED, SendReason.SILENCE_ENDED, SendReason.RESOLVED):
        of.note_sent("phone", [row("a", reason)], 10**12)
    assert of.to_sent == {}


def test_only_so_many_are_remembered(monkeypatch) -> None:
    monkeypatch.setattr(latencies, "REMEMBERED_MAX", 2)
    of = AlertLatencies()
    of.note_written(transitions("a", "b", "c"), [0, 0, 0], MS)
    of.note_sent("phone", [row("a"), row("b"), row("c")], 2 * MS)
    assert of.to_sent["phone"].n == 2
