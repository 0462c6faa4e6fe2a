"""The words of a language over real sockets, and alerts in them."""

from collections.abc import AsyncGenerator, Callable

import aiohttp
import pytest
import pytest_asyncio
from tests.web.alerts import alert_of, small_desk
from tests.web.conftest import Picture

from marginwatch.model.secret import Secret
from marginwatch.notify.messages.phrases import told
from marginwatch.risk.frame import Frame
from marginwatch.rules.reading import default_rules
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer

USAGE = next(rule for rule in default_rules() if rule.name == "maintenance-margin")
OWN = "Ring the desk, {account}: {value}"

Read = Callable[[str], object]


@pytest_asyncio.fixture
async def read(measure_desk: Callable[[], Frame]) -> AsyncGenerator[Callable, None]:
    """``read(path)`` returns status and decoded JSON; the desk's alerts are one of a built-in rule, one of its own."""
    desk = small_desk()
    built_in = {"rule": USAGE.name, "message": USAGE.message, "action": USAGE.action}
    desk.alerts = [alert_of("mm-1", **built_in), alert_of("mm-2", message=OWN, action="Ann knows")]
    server = WebServer(create_app(Picture(measure_desk()), Secret("t0ken"), alerting=desk), port=0)
    await server.start()
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t0ken"}) as http:

        async def read(path: str) -> tuple[int, dict]:
            async with http.get(server.url + path) as reply:
                return reply.status, await reply.json() if reply.status == 200 else {}

        yield read
    await server.stop()


HEADLINES = {
    "en": "mm-1 uses 72.3% of its equity for maintenance margin (limit 70.0%)",
    "zh": "mm-1 的维持保证金率达 72.3%（限值 70.0%）",
    "vi": "mm-1 dùng 72,3% vốn làm ký quỹ duy trì (ngưỡng 70,0%)",
    "th": "mm-1 ใช้อิควิตี้ 72.3% เป็นหลักประกันรักษาสภาพ (เกณฑ์ 70.0%)",
}


@pytest.mark.parametrize("language", HEADLINES)
async def test_headlines_and_actions_follow_the_language_asked_for(read: Callable, language: str) -> None:
    status, reply = await read(f"/api/v1/alerts?state=firing&language={language}")
    assert status == 200
    ours, own = reply["rows"]
    assert ours["headline"].startswith(HEADLINES[language])
    assert (USAGE.action.format(account="mm-1") == ours["action"]) is (language == "en")
    assert own["headline"].startswith("Ring the desk, mm-2: 72")
    assert own["action"] == "Ann knows"
    facts = ("value", "bound", "context", "unknown_reason", "labels", "rule", "measure")
    _, english = await read("/api/v1/alerts?state=firing")
    assert [[row[name] for name in facts] for row in reply["rows"]] == [
        [row[name] for name in facts] for row in english["rows"]
    ]
    assert english["rows"][0]["headline"].startswith(HEADLINES["en"])


async def test_a_language_that_there_is_not_is_refused(read: Callable) -> None:
    for path in ("alerts", "rules", "words"):
        status, _ = await read(f"/api/v1/{path}?language=tlh")
        assert status == 400, path


async def test_words_of_pages_are_those_of_messages(read: Callable) -> None:
    status, chinese = await read("/api/v1/words?language=zh")
    assert status == 200
    assert chinese["measures"]["maintenance_margin_usage"] == "维持保证金率"
    assert chinese["context"]["distance"] == "强平距离"
    assert {"english": "not heard yet", "told": "尚未收到数据"} in chinese["phrases"]
    _, english = await read("/api/v1/words")
    assert english["phrases"] == []
    assert english["measures"].keys() == chinese["measures"].keys()


ROUTES = [
    "overview",
    "summary",
    "accounts",
    "positions",
    "margin",
    "stress",
    "var",
    "levels",
    "calendars",
    "advice",
    "exposure?by=asset",
    "exposure?by=desk",
    "exposure?by=portfolio",
]
NOT_OURS = "the key may trade; make a read-only one"
"""What the desk of these tests has its exchange say."""

SENTENCES = {"reason", "reasons", "left_out", "sources", "summary", "warnings", "notes"}


def sentences(of: object, key: str = "") -> list[str]:
    """Return what a reply says in sentences."""
    if isinstance(of, dict):
        return [
            one
            for name, value in of.items()
            for one in sentences(value, key if key == "reasons" else str(name))
        ]
    if isinstance(of, list):
        return [one for value in of for one in sentences(value, key)]
    return [of] if isinstance(of, str) and key in SENTENCES and " " in of else []


@pytest.mark.parametrize("route", ROUTES)
async def test_whatever_a_reply_says_is_told_in_every_language(read: Callable, route: str) -> None:
    status, reply = await read(f"/api/v1/{route}")
    assert status == 200
    said = {text.removeprefix("missing: ") for text in sentences(reply)} - {NOT_OURS}
    assert said
    for language in ("zh", "vi", "th"):
        assert [text for text in said if told(language, text) == text] == []
