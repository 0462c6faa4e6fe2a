"""What stands when the service goes, and when it is back."""

from marginwatch.top.dialogs import Words
from marginwatch.top.live_table import LiveTable


def is_dim(terminal) -> bool:
    """Whether everything between the banner and the status line is grey: no other color is left of it."""
    strips = terminal.program.screen._compositor.render_strips()
    colors = {
        str(segment.style.color.name)
        for strip in strips[4:16]
        for segment in strip
        if segment.style is not None and segment.style.color is not None and segment.text.strip(" █▏▎▍▌▋▊▉")
    }
    return len(colors) <= 2


async def test_a_lost_service_is_told_and_found_again_on_its_port(service, opened) -> None:
    async with opened(service) as terminal:
        await terminal.press("2")
        await terminal.until_shown("4 of 4 accounts")
        assert not terminal.program.query_one("#accounts-table", LiveTable)._is_grey
        await service.stop()
        await terminal.until_shown("SERVICE GONE")
        await terminal.until(lambda: terminal.program.query_one("#accounts-table", LiveTable)._is_grey)
        assert is_dim(terminal)
        assert "● live" not in terminal.text()
        assert "grey figures are" in terminal.text()
        await terminal.until(lambda: terminal.program.pulse.reason == "Connection refused")
        await terminal.press("1")
        await terminal.until_shown("equity        200 k")
        assert "SERVICE GONE" in terminal.text()
        await service.start()
        await terminal.until_shown("● live")
        await terminal.until(lambda: not terminal.program.query_one("#ladder", LiveTable)._is_grey)


async def test_a_picture_that_stands_still_is_no_live_one(service, opened) -> None:
    async with opened(service) as terminal:
        service.picture.is_running = False
        await terminal.until_shown("SERVICE GONE")
        service.picture.is_running = True
        await terminal.until_shown("● live")


async def test_a_service_that_has_no_alerts_says_why(service, opened) -> None:
    await service.stop()
    service.desk = None
    await service.start()
    async with opened(service, 120, 30) as terminal:
        await terminal.press("3")
        await terminal.until_shown("this service judges no rules")
        await terminal.press("1")
        await terminal.until_shown("● live")


async def test_keys_are_explained_and_q_ends_it(service, opened) -> None:
    async with opened(service) as terminal:
        await terminal.press("question_mark")
        await terminal.until(lambda: isinstance(terminal.program.screen, Words))
        await terminal.until_shown("finds by words")
        await terminal.press("escape")
        await terminal.until(lambda: not isinstance(terminal.program.screen, Words))
        await terminal.press("q")
        await terminal.until(lambda: not terminal.program.is_running)
    assert terminal.program.defect is None
