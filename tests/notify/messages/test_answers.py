"""What somebody hears who has pressed a button."""

import pytest

from marginwatch.notify.messages.answers import acknowledged_answer, over_answer
from marginwatch.notify.messages.catalog import LANGUAGES

HOURS_8 = 8 * 3_600.0


@pytest.mark.parametrize(
    ("language", "acknowledged", "over"),
    [
        ("en", "Acknowledged by Nan for 8 hours. A higher severity is told again.", "This alert is over."),
        ("zh", "Nan 已确认，有效期 8小时；级别上升时会再次通知。", "此告警已解除。"),
        ("vi", "Nan đã xác nhận trong 8 giờ. Nếu mức độ tăng sẽ báo lại.", "Cảnh báo này đã kết thúc."),
        ("th", "Nan รับทราบแล้ว มีผล 8 ชั่วโมง หากระดับสูงขึ้นจะแจ้งอีกครั้ง", "การแจ้งเตือนนี้สิ้นสุดแล้ว"),
    ],
)
def test_answers_are_in_the_language_of_the_channel(language: str, acknowledged: str, over: str) -> None:
    assert acknowledged_answer(language, "Nan", HOURS_8) == acknowledged
    assert over_answer(language) == over


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_one_line_and_fills_nothing_in(language: str) -> None:
    said = acknowledged_answer(language, "{duration}\n" + "x" * 500, HOURS_8)
    assert "{duration} x" in said
    assert "\n" not in said
    assert len(said) < 200
