from marginwatch.terminal.bars import CALM, DANGER, QUIET, balance_bar, bar, danger_style, usage_bar


def test_a_bar_is_as_long_as_its_share_and_never_longer() -> None:
    assert bar(0.0, 4) == "    "
    assert bar(0.5, 4) == "██  "
    assert bar(1.0, 4) == "████"
    assert bar(7.0, 4) == "████"
    assert bar(-1.0, 4) == "    "
    assert bar(1 / 32, 4) == "▏   "


def test_shorts_grow_to_the_left_of_the_middle_without_a_gap() -> None:
    text = balance_bar(long_usd=50.0, short_usd=62.5, largest=100.0, width=4).plain
    assert text == " ▐██│██  "


def test_nothing_at_all_is_two_empty_sides() -> None:
    assert balance_bar(0.0, 0.0, 0.0, width=3).plain == "   │   "


def test_only_danger_is_loud_and_unknown_is_not_calm() -> None:
    assert danger_style(None) == QUIET
    assert danger_style(0.49) == CALM
    assert danger_style(0.85) == DANGER
    assert len({danger_style(usage) for usage in (0.1, 0.5, 0.7, 0.85)}) == 4


def test_an_unknown_usage_is_a_dash_and_no_zero() -> None:
    assert usage_bar(None).plain.strip() == "—"
    assert "0" not in usage_bar(None).plain
