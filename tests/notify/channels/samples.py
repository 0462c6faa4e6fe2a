"""Messages for the tests of channels: a usual one, a digest, one for each language, and one from an enemy."""

import msgspec

from marginwatch.model.alert import Alert, AlertState, Subject
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Outgoing
from marginwatch.notify.messages.message import Item, Line, Message

MADE_AT_NS = 1_763_700_000_000_000_000


def item(number: int = 1, severity: Severity = Severity.CRITICAL, *, is_firing: bool = True) -> Item:
    return Item(
        key=f"margin|account|mm-{number}",
        alert_id=f"a-{number:032d}",
        severity=severity,
        severity_word=severity.word,
        is_firing=is_firing,
        headline=f"mm-{number}: maintenance margin usage 87.1 % is above 85 %",
        lines=(Line("Distance to liquidation", "4.2 %"), Line("Data", "1.3 s old")),
        action="Reduce BTCUSDT or move collateral to this account",
        link=f"https://desk.example/accounts/mm-{number}?tab=margin&from=alert",
        transition_ids=(f"t-{number}",),
    )


def message(*items: Item, **changes: object) -> Message:
    rows = items or (item(),)
    usual = Message(
        message_id="m-0001",
        severity=max(one.severity for one in rows),
        is_firing=any(one.is_firing for one in rows),
        title="Margin critical: mm-1",
        items=rows,
        reason="newly firing",
        short="mm-1 margin 87 %: reduce BTCUSDT",
        made_at_ns=MADE_AT_NS,
        made_at="2025-11-21 04:40:00 UTC",
    )
    return msgspec.structs.replace(usual, **changes)


def digest(n_items: int) -> Message:
    return message(
        *(item(number, Severity.HIGH) for number in range(1, n_items + 1)), title=f"{n_items} alerts"
    )


ENEMY = (
    '</b><script>alert(1)</script> <!channel> <!here> <@U024BE7LH> <at user_id="all">all</at> <@all> @all @channel '
    "@everyone @admin *bold* _it_ ~no~ `code` ```pre``` [link](http://evil.example) ![x](http://evil.example/i.png) "
    "# head\n> quote\n- item\n1. one\r\n🔴 CRITICAL fake line \u202eesrever\u2066 {{evil}} &lt;b&gt; \x00\x07 \ud800 "
    '<font color="warning">w</font> <http://evil.example|click> e'
    + "\u0301" * 50
    + " 👩‍👩‍👧‍👦🇹🇭 ค่ำ Việt 中文"
)


def enemy_message() -> Message:
    long = ENEMY + " x" * 5_000
    bad = Item(
        key=ENEMY,
        alert_id=ENEMY,
        severity=Severity.CRITICAL,
        severity_word=ENEMY,
        is_firing=True,
        headline=long,
        lines=tuple(Line(f"{number} {ENEMY}", long) for number in range(20)),
        action=long,
        link='javascript:alert("1")',
    )
    return message(*[bad] * 40, title=long, reason=long, made_at=ENEMY)


def enemy_short() -> Message:
    """The same in a message that no platform needs to trim."""
    bad = msgspec.structs.replace(
        item(),
        headline=ENEMY,
        lines=(Line(ENEMY, "5 %"),),
        action="[x](http://evil.example)",
        link="ftp://evil.example",
    )
    title = "<b>@all</b> <!channel> *x*"
    return message(bad, title=title, short=f"{title}. Do: nothing")


def alert_of(one: Item) -> Alert:
    return Alert(
        alert_id=one.alert_id,
        key=one.key,
        rule="margin",
        subject=Subject(scope="account", name="mm-1"),
        state=AlertState.FIRING if one.is_firing else AlertState.RESOLVED,
        severity=one.severity,
        labels={"rule": "margin", "account": "mm-1"},
        measure="account.maintenance_margin_usage",
        unit="fraction",
        side="above",
        value=0.871,
        bound=0.85,
        value_at_ns=MADE_AT_NS,
        pending_since_ns=MADE_AT_NS,
        fired_at_ns=MADE_AT_NS,
    )


def outgoing(one: Message | None = None, replaces: str | None = None) -> Outgoing:
    told = one or message()
    return Outgoing(message=told, alerts=tuple(alert_of(row) for row in told.items), replaces=replaces)
