"""One glossary for messages and pages: the trade's words, and none beside them for the same thing."""

from pathlib import Path

import pytest

import marginwatch
from marginwatch.notify.messages.catalog import catalog

ROOT = Path(__file__).parents[3]
CATALOGS = Path(marginwatch.__file__).parent / "notify" / "messages" / "words"
PAGES = [*sorted((ROOT / "ui" / "src").rglob("words*.ts")), ROOT / "ui" / "src" / "words" / "common.ts"]

TERMS = {
    "maintenance_margin_usd": {"zh": "维持保证金", "vi": "ký quỹ duy trì", "th": "หลักประกันรักษาสภาพ"},
    "initial_margin_usd": {"zh": "初始保证金", "vi": "ký quỹ ban đầu", "th": "หลักประกันขั้นต้น"},
    "liquidation_distance": {"zh": "强平", "vi": "thanh lý", "th": "บังคับปิด"},
    "unrealized_pnl_usd": {"zh": "未实现盈亏", "vi": "lãi lỗ chưa thực hiện", "th": "กำไรขาดทุนที่ยังไม่รับรู้"},
    "model_error_equity": {"zh": "调整后权益", "vi": "vốn điều chỉnh", "th": "อิควิตี้ที่ปรับแล้ว"},
}
"""Measure → the trade's word in it, which pages use, too."""

ELSEWHERE = {
    "爆仓": "强平",
    "清算": "强平",
    "抵押品": "抵押资产",
    "折算后权益": "调整后权益",
    "ký quỹ tối thiểu": "ký quỹ duy trì",
    "ký quỹ khởi đầu": "ký quỹ ban đầu",
    "trung hòa": "trung lập",
    "vốn sau chiết khấu": "vốn điều chỉnh",
    "หลักประกันเริ่มต้น": "หลักประกันขั้นต้น",
    "หลักประกันขั้นต่ำ": "หลักประกันรักษาสภาพ",
    "มูลค่าหลังส่วนลด": "อิควิตี้ที่ปรับแล้ว",
    "ฟันดิง": "Funding",
    "มาร์จิ้น": "หลักประกัน",
    "การเตือน": "การแจ้งเตือน",
}
"""Words that others use for the same thing → ours."""


def texts() -> dict[str, str]:
    files = [*CATALOGS.glob("*.toml"), *PAGES]
    assert len(files) > 10
    return {str(file): file.read_text(encoding="utf-8").casefold() for file in files}


@pytest.mark.parametrize("measure", TERMS)
def test_pages_and_messages_have_the_trade_s_word(measure: str) -> None:
    pages = " ".join(text for file, text in texts().items() if file.endswith(".ts"))
    for language, word in TERMS[measure].items():
        assert word in catalog(language).sections["measures"][measure]
        assert word in pages, word


@pytest.mark.parametrize("word", ELSEWHERE)
def test_nothing_has_two_names(word: str) -> None:
    assert [file for file, text in texts().items() if word in text] == [], f"say {ELSEWHERE[word]}"
