"""The third view: what fires, and what people do about it over the real routes."""

from tests.web.alerts import alert_of

from marginwatch.model.alert import AlertState
from marginwatch.top.dialogs import Form, Words, matchers_for
from marginwatch.top.live_table import LiveTable
from marginwatch.web.alert_rows import Told, alert_row, teller_of

HOSTILE = "\x1b[31mred\x07 [bold red]x[/] \u202eright"
WRITTEN_OUT = r"\x1b[31mred\x07 [bold red]x[/] \u202eright"


def subjects(terminal) -> list[str]:
    return [row.subject for row in terminal.program.query_one("#alerts-table", LiveTable).rows]


async def shown_alerts(terminal) -> None:
    await terminal.press("3")
    await terminal.until_shown("3 firing, 2 unknown, 1 pending")


async def test_kinds_of_alerts(service, opened) -> None:
    async with opened(service, 140, 30) as terminal:
        await shown_alerts(terminal)
        assert subjects(terminal) == ["dir-1", "mm-1", "arb-1", "calm"]
        for kind, expected in (
            ("firing", ["dir-1", "mm-1", "arb-1"]),
            ("unknown", ["dir-1", "arb-1"]),
            ("pending", ["calm"]),
            ("over", ["old-1"]),
            ("open", ["dir-1", "mm-1", "arb-1", "calm"]),
        ):
            await terminal.press("f")
            await terminal.until_shown(f"shown: {kind} ({len(expected)})")
            assert subjects(terminal) == expected
        [line] = [one for one in terminal.lines() if one.startswith("high")]
        assert "72.3 %" in line.replace("\u2009", " ")
        assert "cannot be judged: frozen" in terminal.text()


async def test_an_alert_in_full(service, opened) -> None:
    async with opened(service, 100, 40) as terminal:
        await shown_alerts(terminal)
        await terminal.press("down", "enter")
        await terminal.until(lambda: isinstance(terminal.program.screen, Words))
        await terminal.until_shown("Add collateral or reduce.")
        text = terminal.text()
        assert "phone sent, fired, 1 attempts" in text
        assert "mail failed, fired, 3 attempts" in text
        assert "no such mailbox" in text
        assert "id-mm-1" in text
        await terminal.press("escape")
        await terminal.until(lambda: not isinstance(terminal.program.screen, Words))


async def test_somebody_takes_care(service, opened) -> None:
    async with opened(service) as terminal:
        await shown_alerts(terminal)
        await terminal.press("down", "a")
        await terminal.until(lambda: isinstance(terminal.program.screen, Form))
        await terminal.write("moving collateral")
        await terminal.press("enter")
        await terminal.until_shown("nan takes care of mm-1 until 11-15 00:13 UTC")
        [given] = service.desk.given
        assert (given.alert_id, given.author, given.comment) == ("id-mm-1", "nan", "moving collateral")
        assert given.until_ns - given.at_ns == 7_200 * 10**9
        await terminal.until(lambda: any(line.startswith("high     ✓") for line in terminal.lines()))


async def test_a_refusal_stays_with_the_services_reason(service, opened) -> None:
    async with opened(service) as terminal:
        await shown_alerts(terminal)
        await terminal.press("down", "a", "tab")
        await terminal.write("200d")
        await terminal.press("enter")
        await terminal.until(lambda: "from 1 to 7776000 (90 days)" in terminal.complaint())
        await terminal.write("soon")
        await terminal.press("enter")
        await terminal.until(lambda: "'soon' is no duration" in terminal.complaint())
        assert service.desk.given == []
        service.desk.alerts = []
        await terminal.write("1h")
        await terminal.press("enter")
        await terminal.until(lambda: "no alert 'id-mm-1' fires" in terminal.complaint())
        await terminal.press("escape")
        await terminal.until(lambda: not isinstance(terminal.program.screen, Form))


async def test_a_silence_over_the_labels_of_an_alert(service, opened) -> None:
    async with opened(service) as terminal:
        await shown_alerts(terminal)
        await terminal.press("down", "s", "enter")
        await terminal.until(lambda: terminal.complaint().startswith("comment:"))
        assert service.desk.held == []
        await terminal.write("planned")
        await terminal.press("enter")
        await terminal.until_shown("silenced until 11-14 23:13 UTC: 1 open alerts; s1")
        [made] = service.desk.held
        assert [str(one) for one in made.matchers] == ["rule=margin-usage", "account=mm-1"]
        assert (made.comment, made.author) == ("planned", "nan")
        await terminal.until(lambda: any(line.startswith("high     ·") for line in terminal.lines()))


async def test_texts_of_others_are_texts(service, opened) -> None:
    labels = {"rule": "x", "account": HOSTILE, "team": "a b", "scope": "account"}
    service.desk.alerts = [
        alert_of("mm-1", labels=labels, action=HOSTILE, context={HOSTILE: HOSTILE * 5_000}, rule=HOSTILE)
    ]
    async with opened(service, 160, 40) as terminal:
        await terminal.press("3")
        await terminal.until_shown("1 firing")
        assert WRITTEN_OUT in terminal.text()
        await terminal.press("enter")
        await terminal.until(lambda: isinstance(terminal.program.screen, Words))
        await terminal.until_shown(WRITTEN_OUT)
        await terminal.press("escape", "a")
        await terminal.until(lambda: isinstance(terminal.program.screen, Form))
        assert all(text.isprintable() for text in terminal.lines())


async def test_matchers_are_quoted_and_leave_out_what_cannot_be_written(service) -> None:
    labels = {"rule": "x", "account": "mm-1", "desk": "d", "team": "a b", "odd": "\x1b", "severity": "high"}
    alert = alert_of("mm-1", AlertState.FIRING, labels=labels)
    told = Told(channels={}, acknowledgements={}, silences=())
    row = alert_row(alert, told, teller_of(service.desk.now_ns()))
    assert matchers_for(row) == "rule=x account=mm-1 'team=a b'"
