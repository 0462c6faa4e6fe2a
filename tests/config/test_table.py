from marginwatch.config.table import label, nearest


def test_the_nearest_word_or_all_of_them() -> None:
    assert nearest("Poll_S", ["poll_s", "ping_s"]) == "did you mean 'poll_s'?"
    assert nearest("zzz", ["b", "a"]) == "known are: a, b"


def test_tables_are_named_as_they_are_written() -> None:
    assert label(("collect",)) == "[collect]"
    assert label(("account", 3)) == "[[account]]"
