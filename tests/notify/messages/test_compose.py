"""Messages: what they say in each language, and what none of them may ever lack or leak."""

import re
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.notify.messages.samples import NOW_NS, SECOND_NS, ZONES, alert, notice, over, row, told

from marginwatch.model.alert import Alert, AlertState, Subject
from marginwatch.model.delivery import SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.plain_text import message_text
from marginwatch.notify.messages.catalog import LANGUAGES
from marginwatch.notify.messages.compose import compose, compose_test
from marginwatch.notify.messages.message import Message
from marginwatch.rules.definition import Rule
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules

GOLDEN = {
    "en": (
        "Critical: mm-1: maintenance margin usage is 87.3%, above its limit of 85.0%",
        "Sent because it has begun.",
        {
            "Value": "87.3%, 5 seconds old",
            "Limit": "85.0%",
            "Firing since": "Nov 21, 2026, 13:04:02 UTC",
            "Distance to liquidation": "4.1%",
            "Liquidated if Bitcoin": "falls",
            "Bitcoin is then at": "$61,234",
            "Account": "mm-1, bybit",
            "Rule": "my-rule",
        },
    ),
    "zh": (
        "紧急：mm-1：维持保证金率为 87.3%，高于限值 85.0%",
        "发送原因：告警触发。",
        {
            "当前值": "87.3%，数据为 5秒钟前",
            "限值": "85.0%",
            "告警开始于": "2026年11月21日 21:04:02 GMT+08:00",
            "强平距离": "4.1%",
            "触发强平的比特币走势": "下跌",
            "届时比特币价格": "US$61,234",
            "账户": "mm-1, bybit",
            "规则": "my-rule",
        },
    ),
    "vi": (
        "Khẩn cấp: mm-1: tỷ lệ ký quỹ duy trì là 87,3%, cao hơn ngưỡng 85,0%",
        "Gửi vì cảnh báo vừa bắt đầu.",
        {
            "Giá trị": "87,3%, dữ liệu cách đây 5 giây",
            "Ngưỡng": "85,0%",
            "Cảnh báo từ": "20:04:02 21 thg 11, 2026 GMT+07:00",
            "Khoảng cách tới thanh lý": "4,1%",
            "Bị thanh lý nếu Bitcoin": "giảm",
            "Giá Bitcoin khi đó": "61.234\xa0US$",
            "Tài khoản": "mm-1, bybit",
            "Quy tắc": "my-rule",
        },
    ),
    "th": (
        "วิกฤต: mm-1: อัตราการใช้หลักประกันรักษาสภาพ อยู่ที่ 87.3% สูงกว่าเกณฑ์ 85.0%",
        "ส่งเพราะการแจ้งเตือนเริ่มขึ้น",
        {
            "ค่าปัจจุบัน": "87.3% ข้อมูลเมื่อ 5 วินาทีที่แล้ว",
            "เกณฑ์": "85.0%",
            "แจ้งเตือนตั้งแต่": "21 พ.ย. 2026 20:04:02 GMT+07:00",
            "ระยะห่างถึงการบังคับปิดสถานะ": "4.1%",
            "ถูกบังคับปิดสถานะเมื่อบิตคอยน์": "ราคาลง",
            "ราคาบิตคอยน์ ณ จุดนั้น": "US$61,234",
            "บัญชี": "mm-1, bybit",
            "กฎ": "my-rule",
        },
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_firing_alert_in_each_language(language: str) -> None:
    message = told(row(alert()), language=language)
    title, reason, lines = GOLDEN[language]
    (item,) = message.items
    assert message.title == title
    assert message.reason == reason
    assert {line.label: line.value for line in item.lines} == lines
    assert item.link == "https://desk.example/mw/#/accounts/mm-1"
    assert item.transition_ids == ("t-1",)
    assert (message.severity, message.is_firing, message.is_test) == (Severity.CRITICAL, True, False)
    assert message.short.startswith(title)
    assert item.action
    assert item.action.rstrip(".") in message.short


def test_why_it_is_sent() -> None:
    since = "It has been firing for 1 minute 5 seconds, since Nov 21, 2026, 13:04:02 UTC."
    wanted = {
        SendReason.RAISED: f"Sent because it has become more severe. {since}",
        SendReason.REPEATED: f"Sent again as a reminder. {since}",
        SendReason.ESCALATED: f"Escalated: nobody has acknowledged it at this severity. {since}",
        SendReason.SILENCE_ENDED: f"Sent because a silence has ended. {since}",
        SendReason.FELL_OVER: f"Sent here because another channel could not deliver it. {since}",
    }
    assert {reason: told(row(alert(), reason)).reason for reason in wanted} == wanted


def test_what_is_over_says_since_when_and_how_long_it_was() -> None:
    message = told(row(over(), SendReason.RESOLVED))
    (item,) = message.items
    assert not message.is_firing
    assert message.title == "Over: mm-1 is back within bounds: maintenance margin usage is 50.0%, limit 85.0%"
    lines = {line.label: line.value for line in item.lines}
    assert lines["Fired at"] == "Nov 21, 2026, 13:04:02 UTC"
    assert lines["Over at"] == "Nov 21, 2026, 13:05:02 UTC"
    assert lines["Lasted"] == "1 minute"
    assert item.action == "Nothing needs to be done."


def test_what_is_gone_says_so() -> None:
    gone = over(context={"gone": "no longer there"}, value=None)
    assert told(row(gone, SendReason.RESOLVED)).items[0].headline == (
        "mm-1: maintenance margin usage no longer applies: no longer there"
    )


@pytest.mark.parametrize(
    ("language", "all_clear"),
    [
        ("en", "not an all-clear"),
        ("zh", "不代表一切正常"),
        ("vi", "không phải là dấu hiệu an toàn"),
        ("th", "ไม่ได้แปลว่าปลอดภัย"),
    ],
)
def test_missing_data_are_no_all_clear(language: str, all_clear: str) -> None:
    message = told(row(notice()), language=language)
    text = message_text(message)
    assert all_clear in message.short
    assert "no answer from the venue" in message.short
    assert "maintenance-margin, drawdown" in text
    assert "$" not in text


def test_missing_data_that_are_back() -> None:
    back = notice(
        state=AlertState.RESOLVED, resolved_at_ns=NOW_NS, unknown_since_ns=None, unknown_reason=None
    )
    assert (
        told(row(back, SendReason.RESOLVED)).items[0].headline == "mm-1 can be judged again, after 2 minutes"
    )


def test_an_alert_that_cannot_be_judged_does_not_pretend_to_be_of_now() -> None:
    doubtful = alert(unknown_since_ns=NOW_NS - 180 * SECOND_NS, unknown_reason="the account is stale")
    message = told(row(doubtful, SendReason.REPEATED))
    assert "as last known; not judged for 3 minutes" in message.short
    lines = {line.label: line.value for line in message.items[0].lines}
    assert lines["Not judged"].startswith("for 3 minutes: the account is stale; the alert stays as it was")


def test_the_age_is_that_of_the_moment_of_sending() -> None:
    old = alert(value_at_ns=NOW_NS - 600 * SECOND_NS, data_age_s=30.0)
    assert told(row(old)).items[0].lines[0].value == "87.3%, 10 minutes 30 seconds old"
    assert told(row(alert(data_age_s=None))).items[0].lines[0].value == "87.3%, age unknown"


def test_a_rule_s_own_words_are_filled_safely_and_name_their_subject() -> None:
    own = alert(message="usage {value} over {bound} {nonsense} {account.__class__}", action="call {account}")
    item = told(row(own), language="vi").items[0]
    assert item.headline == "mm-1: usage 87,3% over 85,0% {nonsense} {account.__class__}"
    assert item.action == "call mm-1"
    named = alert(message="{subject} at {distance}")
    assert told(row(named)).items[0].headline == "mm-1 at 4.1%"


@pytest.mark.parametrize(
    ("scope", "name", "own", "headline"),
    [
        ("asset", "BTC", "{asset} moved", "BTC moved"),
        ("asset", "ONE", "NONE and SOMEONE moved", "Asset ONE: NONE and SOMEONE moved"),
        ("venue", "bybit", "bybit is down", "bybit is down"),
        ("tag", "neutral-1", "all on one side", "Tag neutral-1: all on one side"),
        ("portfolio", "all", "the book is long", "the book is long"),
        ("portfolio", "all", None, "Portfolio: maintenance margin usage is 87.3%, above its limit of 85.0%"),
        ("service", "marginwatch", "memory is short", "memory is short"),
        (
            "service",
            "marginwatch",
            None,
            "marginwatch: maintenance margin usage is 87.3%, above its limit of 85.0%",
        ),
    ],
)
def test_whom_it_concerns_is_said_once(scope: str, name: str, own: str | None, headline: str) -> None:
    one = alert(subject=Subject(scope=scope, name=name), message=own, labels={"asset": name})
    assert told(row(one)).items[0].headline == headline


def test_braces_in_names_mean_nothing() -> None:
    tricky = alert(
        subject=Subject(scope="account", name="{value}", account_id="{bound}"), message="{account} {subject}"
    )
    assert told(row(tricky)).items[0].headline == "{bound} {value}"


def test_a_yes_or_no_is_told_without_a_limit_of_0() -> None:
    flag = alert(measure="account.key_is_unsafe", unit="count", value=1.0, bound=0.0, data_age_s=0.0)
    message = told(row(flag))
    assert message.items[0].headline == "mm-1: API key that may do more than read"
    assert not {"Value", "Limit"} & {line.label for line in message.items[0].lines}


def test_a_magnitude_below_0_is_not_said_to_be_above_its_limit() -> None:
    short = alert(measure="account.net_exposure_to_equity", unit="times", value=-3.2, bound=3.0)
    item = told(row(short)).items[0]
    assert item.headline.endswith("is -3.20×, beyond its limit of ±3.00×")
    assert item.lines[1].value == "±3.00×"


def test_counts_have_a_noun_unless_the_rule_has_one() -> None:
    count = alert(measure="account.n_positions", unit="count", value=12.0, bound=10.0)
    assert "is 12 items, above its limit of 10 items" in told(row(count)).items[0].headline
    own = msgspec.structs.replace(count, message="{account} has {value} positions (limit {bound})")
    assert told(row(own)).items[0].headline == "mm-1 has 12 positions (limit 10)"


def test_several_alerts_are_in_order_and_told_once_with_all_their_transitions() -> None:
    low = alert(alert_id="a-2", key="k2", severity=Severity.WARNING)
    ended = over(alert_id="a-3", key="k3", severity=Severity.CRITICAL)
    raised = alert(value=0.95)
    message = told(
        row(low, number=1),
        row(ended, SendReason.RESOLVED, number=2),
        row(alert(), number=3),
        row(raised, SendReason.RAISED, number=4),
    )
    assert [item.alert_id for item in message.items] == ["a-1", "a-2", "a-3"]
    assert message.items[0].transition_ids == ("t-3", "t-4")
    assert "95.0%" in message.items[0].headline
    assert message.title.startswith("2 alerts, the worst Critical: mm-1")
    assert (message.severity, message.is_firing) == (Severity.CRITICAL, True)


def test_the_severity_is_that_of_what_still_fires() -> None:
    message = told(
        row(over(severity=Severity.CRITICAL), SendReason.RESOLVED),
        row(alert(alert_id="a-2", severity=Severity.INFO), number=2),
    )
    assert message.severity is Severity.INFO


@pytest.mark.parametrize(
    ("language", "rule", "said", "to_do"),
    [
        (
            "zh",
            "daily-loss",
            "mm-1 当日亏损已达权益的 87.3%，已剔除划转（限值 85.0%）",
            "查明亏损原因后再继续",
        ),
        ("zh", "reduce-only", "交易所仅允许对 mm-1 减仓", "触及风险限额或合约下架"),
        (
            "zh",
            "funding-cost",
            "按当前资金费率，mm-1 未来 24 小时应付的资金费用为权益的 87.3%（限值 85.0%）",
            "平掉它",
        ),
        ("vi", "reduce-only", "Sàn chỉ cho phép giảm mm-1", "Dừng các chiến lược làm tăng vị thế BTCUSDT"),
        (
            "vi",
            "asset-concentration",
            "Vị thế ròng BTC chiếm 87,3% tổng giá trị mọi vị thế (ngưỡng 85,0%)",
            "Phòng hộ",
        ),
        ("th", "initial-margin", "mm-1 ใช้อิควิตี้ 87.3% เป็นหลักประกันขั้นต้น (เกณฑ์ 85.0%)", "โอนหลักประกันเข้า mm-1"),
        ("th", "adl-rank", "mm-1 อยู่ในกลุ่ม 20% แรกของคิวลดสถานะอัตโนมัติ (ADL) ของกระดาน", "ให้ลดเลเวอเรจ"),
    ],
)
def test_the_trade_s_own_words_are_used(language: str, rule: str, said: str, to_do: str) -> None:
    built_in = next(one for one in default_rules() if one.name == rule)
    labels = {"account": "mm-1", "symbol": "BTCUSDT", "asset": "BTC"}
    one = alert(rule=rule, message=built_in.message, action=built_in.action, labels=labels)
    item = told(row(one), language=language).items[0]
    assert said in item.headline
    assert item.action is not None
    assert to_do in item.action


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_cannot_be_taken_for_an_alert(language: str) -> None:
    message = compose_test(
        "night-phone",
        message_id="m",
        language=language,
        timezone=ZONES[language],
        public_url=None,
        now_ns=NOW_NS,
    )
    assert message.is_test
    assert not message.is_firing
    assert message.severity is Severity.INFO
    assert "night-phone" in message.title
    assert "marginwatch" in message.short


def test_a_message_tells_of_something() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        told()


def everything_said(message: Message) -> list[str]:
    texts = [message.title, message.reason, message.short, message.made_at]
    for item in message.items:
        texts += [item.severity_word, item.headline, item.action or "", item.link or ""]
        texts += [part for line in item.lines for part in (line.label, line.value)]
    return texts


STATES = {
    "pending": alert(state=AlertState.PENDING, fired_at_ns=None),
    "firing": alert(),
    "resolved": over(),
    "notice": notice(),
    "notice over": notice(state=AlertState.RESOLVED, resolved_at_ns=NOW_NS, unknown_since_ns=None),
    "unknown": alert(unknown_since_ns=NOW_NS - SECOND_NS),
    "no number": alert(value=None, bound=None, data_age_s=None),
    "change": alert(window_s=300.0, value=-0.06, bound=-0.05, side="below"),
    "gone": over(context={"gone": "position closed"}),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_and_reason_is_told_in_every_language(language: str, state: str) -> None:
    for reason in SendReason:
        message = told(row(STATES[state], reason), language=language)
        assert len(message.short) <= 300
        for text in everything_said(message):
            assert "{" not in text
            assert "None" not in text
            assert text == text.strip()
        assert message.reason
        assert message.items[0].action


BARE = re.compile(
    r"(?<![\w.,:+\-−$])[\-−]?\d[\d.,]*(?!\s?(%|×|US\$|[^\W\d_]|[年月日时分秒小天个张项级]|\d|[:.,\-+年]))"
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", default_rules(), ids=lambda rule: rule.name)
def test_every_built_in_rule_makes_a_good_message(language: str, rule: Rule) -> None:
    measure = MEASURES[rule.measure]
    bound = rule.steps[-1].bound
    fired = alert(
        rule=rule.name,
        subject=Subject(scope=measure.scope, name="mm-1", account_id="mm-1"),
        measure=rule.measure,
        unit=measure.unit,
        side=rule.side,
        value=bound * 1.1 + (0.5 if rule.side == "above" else -0.5) * (bound == 0) + (bound == 0),
        bound=bound,
        window_s=rule.change_over_s,
        message=rule.message,
        action=rule.action,
        labels={
            "account": "mm-1",
            "venue": "bybit",
            "desk": "arb",
            "asset": "BTC",
            "symbol": "BTCUSDT",
            "channel": "chat",
        },
    )
    message = told(row(fired), language=language)
    (item,) = message.items
    assert "{" not in "".join(everything_said(message))
    assert item.action
    assert len(message.short) <= 300
    assert item.action[:20].rstrip("。.") in message.short
    assert "%%" not in item.headline


def test_figures_carry_their_units() -> None:
    for language, state in product(LANGUAGES, STATES):
        message = told(row(STATES[state]), language=language)
        for line in message.items[0].lines:
            assert not BARE.fullmatch(line.value), (language, state, line)


TEXTS = st.text(st.characters(), max_size=120)


@settings(max_examples=40)
@given(
    TEXTS, TEXTS, TEXTS, st.sampled_from(LANGUAGES), st.floats(), st.integers(min_value=0, max_value=2**62)
)
def test_no_text_or_number_breaks_a_message(
    name: str, text: str, key: str, language: str, number: float, at_ns: int
) -> None:
    hostile: Alert = alert(
        subject=Subject(scope="asset", name=name),
        rule=key,
        measure=key,
        labels={key: text, "account": name},
        context={key: text, "usage": text, "quantity": text, "gone": text},
        message=text + "{" + key + "}{value}",
        action=name * 30,
        unknown_reason=text,
        unknown_since_ns=at_ns,
        value=number,
        value_at_ns=at_ns,
        fired_at_ns=at_ns,
    )
    for one in (
        hostile,
        msgspec.structs.replace(hostile, is_unknown_notice=True),
        over(**msgspec.structs.asdict(hostile)),
    ):
        message = compose(
            [row(one)],
            message_id="m",
            language=language,
            timezone="UTC",
            public_url="https://d.example",
            now_ns=NOW_NS,
        )
        assert len(message.short) <= 300
        assert len(message.title) <= 140
        for said in everything_said(msgspec.structs.replace(message, items=())):
            assert "\n" not in said
        for item in message.items:
            assert "\n" not in item.headline
            assert "\n" not in (item.action or "")
            assert all("\n" not in line.value for line in item.lines)
