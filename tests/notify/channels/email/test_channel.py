"""E-mail against a real SMTP server: TLS, log-in, refusals by recipient, threads, and nothing smuggled into a header."""

import ssl
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.notify.channels.email.server import Post, certificate, mail_server
from tests.notify.channels.platform import context
from tests.notify.channels.samples import digest, enemy_message, enemy_short, item, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel
from marginwatch.notify.channels.email.config import EmailTable
from marginwatch.notify.channels.email.manifest import KIND

USUAL = {
    "name": "mail",
    "host": "127.0.0.1",
    "security": "none",
    "sender": "marginwatch <alerts@desk.example>",
    "to": ("risk@desk.example", "Night desk <night@desk.example>"),
}


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with mail_server() as one:
        yield one


@pytest.fixture
def trust(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    return certificate(tmp_path)


async def make(post: Post | None = None, secret: str | None = None, **keys: object) -> Channel:
    port = {} if post is None else {"port": post.port}
    secrets = {} if secret is None else {"password": Secret(secret)}
    async with context() as given:
        return KIND.build(EmailTable(**{**USUAL, **port, **keys}), secrets, given)


async def refused(channel: Channel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(outgoing())
    return caught.value


async def test_one_mail_in_text_and_html_to_everybody(post: Post) -> None:
    receipt = await (await make(post)).send(outgoing())
    (mail,) = post.mails
    assert post.recipients == [["risk@desk.example", "night@desk.example"]]
    assert mail["Subject"] == "Margin critical: mm-1"
    assert mail["From"] == "marginwatch <alerts@desk.example>"
    assert mail["To"] == "risk@desk.example, Night desk <night@desk.example>"
    assert mail["Date"].datetime.isoformat() == "2025-11-21T04:40:00+00:00"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Importance"] == "high"
    assert receipt.reference == mail["Message-ID"]
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    for part in ("87.1 %", "Distance to liquidation", "4.2 %", "Reduce BTCUSDT", "newly firing"):
        assert part in text.get_content()
        assert part in page.get_content()
    assert "https://desk.example/accounts/mm-1?tab=margin&from=alert" in text.get_content()
    assert 'href="https://desk.example/accounts/mm-1?tab=margin&amp;from=alert"' in page.get_content()


async def test_every_attempt_has_the_same_id_and_an_alert_one_thread(post: Post) -> None:
    channel = await make(post)
    again = await make(post)
    await channel.send(outgoing())
    await again.send(outgoing())
    await again.send(outgoing(message(item(is_firing=False), message_id="m-2", title="over")))
    await again.send(outgoing(message(item(2), message_id="m-3")))
    first, same, over, other = post.mails
    assert first["Message-ID"] == same["Message-ID"] != over["Message-ID"]
    assert first["References"] == over["References"] == over["In-Reply-To"]
    assert other["References"] != first["References"]


async def test_many_alerts_are_one_mail(post: Post) -> None:
    await (await make(post)).send(outgoing(digest(200)))
    (mail,) = post.mails
    assert len(mail["References"].split()) == 20
    body = mail.get_body(("plain",))
    assert body is not None
    assert "mm-200" in body.get_content()


async def test_starttls_and_log_in(trust: tuple[Path, ssl.SSLContext]) -> None:
    async with mail_server(tls=trust[1], with_log_in=True) as post:
        keys = {"security": "starttls", "ca_file": str(trust[0]), "username": "mw"}
        channel = await make(post, "right", password="env:X", **keys)
        await channel.send(outgoing())
        assert post.was_encrypted == [True]
        assert post.log_ins == ["mw"]
        wrong = await refused(await make(post, "wr0ng-secret", password="env:X", **keys))
        assert (wrong.reason, wrong.retryable, wrong.code) == ("auth", False, 535)
        assert "wr0ng-secret" not in str(wrong)


async def test_tls_from_the_first_byte(trust: tuple[Path, ssl.SSLContext]) -> None:
    async with mail_server(tls=trust[1], at_once=True) as post:
        await (await make(post, security="tls", ca_file=str(trust[0]))).send(outgoing())
        assert post.was_encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_trusts_ends_it(
    trust: tuple[Path, ssl.SSLContext], security: str
) -> None:
    async with mail_server(tls=trust[1], at_once=security == "tls") as post:
        error = await refused(await make(post, security=security))
        assert (error.reason, error.retryable) == ("auth", False)
        assert "certificate" in str(error)
        assert post.mails == []


async def test_a_certificate_of_another_host_ends_it(tmp_path: Path) -> None:
    trusted, tls = certificate(tmp_path, "127.0.0.2")
    async with mail_server(tls=tls) as post:
        error = await refused(await make(post, security="starttls", ca_file=str(trusted)))
        assert not error.retryable
        assert post.mails == []


async def test_a_server_without_tls_gets_nothing(post: Post) -> None:
    error = await refused(await make(post, "right", security="starttls", username="mw", password="env:X"))
    assert (error.reason, error.retryable) == ("rejected", False)
    assert post.mails == []
    assert post.log_ins == []


@pytest.mark.parametrize(
    ("answer", "reason", "retryable"),
    [
        ("421 shutting down", "server", True),
        ("451 greylisted, come back", "server", True),
        ("452 no room", "server", True),
        ("550 no such user", "not_found", False),
        ("552 too much", "too_long", False),
        ("554 spam", "rejected", False),
    ],
)
async def test_answers_of_4xx_are_temporary_and_of_5xx_permanent(
    post: Post, answer: str, reason: str, retryable: bool
) -> None:
    post.data_answer = answer
    error = await refused(await make(post))
    assert (error.reason, error.retryable, error.code) == (reason, retryable, int(answer[:3]))
    assert answer[4:] in str(error)


async def test_who_was_put_off_is_sent_to_alone_the_next_time(post: Post) -> None:
    channel = await make(post)
    post.refusals = {"night@desk.example": "450 greylisted"}
    assert (await refused(channel)).retryable
    assert post.recipients == [["risk@desk.example"]]
    post.refusals = {}
    await channel.send(outgoing())
    assert post.recipients == [["risk@desk.example"], ["night@desk.example"]]
    await channel.send(outgoing(message(message_id="m-2")))
    assert post.recipients[-1] == ["risk@desk.example", "night@desk.example"]


async def test_who_is_refused_for_good_is_named_and_others_have_it(post: Post) -> None:
    post.refusals = {"night@desk.example": "550 gone"}
    receipt = await (await make(post)).send(outgoing())
    assert receipt.detail == "refused for night@desk.example"
    post.refusals["risk@desk.example"] = "550 gone as well"
    error = await refused(await make(post))
    assert (error.reason, error.retryable) == ("not_found", False)


async def test_a_server_that_is_slow_or_not_there(post: Post) -> None:
    post.delay_s = 1.0
    slow = await refused(await make(post, timeout_s=0.1))
    assert (slow.reason, slow.retryable) == ("timeout", True)
    away = await refused(await make(None, port=1))
    assert (away.reason, away.retryable) == ("connection", True)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "background")]


@pytest.mark.parametrize("told", [enemy_message(), enemy_short()], ids=["huge", "short"])
async def test_hostile_texts_stay_texts(post: Post, told: object) -> None:
    await (await make(post)).send(outgoing(told))  # pyright: ignore[reportArgumentType]
    (mail,) = post.mails
    page = mail.get_body(("html",))
    assert page is not None
    tags = Tags()
    tags.feed(page.get_content())
    assert tags.seen <= {"html", "body", "h2", "p", "div", "b", "table", "tr", "td", "a"}
    assert tags.links == []
    assert len(page.get_content()) <= 200_001


async def test_no_text_becomes_a_header(post: Post) -> None:
    evil = "over\r\nBcc: thief@evil.example\r\n\r\nbody"
    bad = item()
    await (await make(post)).send(outgoing(message(bad, title=evil, message_id=evil)))
    (mail,) = post.mails
    assert mail["Bcc"] is None
    assert set(mail.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
        *("Content-Language", "Importance", "X-Priority", "MIME-Version", "Content-Type"),
    }
    assert post.recipients == [["risk@desk.example", "night@desk.example"]]


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"host": "smtp.example.org"}, "sends alerts in the clear"),
        ({"username": "x"}, "username and password"),
        ({"sender": "nobody"}, "sender: 'nobody' is no address"),
        ({"to": ("a@b.example", "x\r\nBcc: y@z")}, "is no address"),
        ({"to": ("ä@b.example",)}, "is no address"),
        ({"security": "tls", "ca_file": "missing.pem"}, "ca_file: cannot read"),
    ],
)
async def test_bad_configuration_says_what_to_do(keys: dict[str, object], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        await make(**keys)


async def test_plaintext_to_another_machine_if_somebody_says_so() -> None:
    assert await make(host="relay.example.org", allow_plaintext=True)
