import tomllib

from hypothesis import given
from hypothesis import strategies as st

from marginwatch.config.lines import key_lines, line_of

TEXT = '''# head
title = "a # b"
[service]
host = "x" # [not.a.table]
[[account]]
id = "a"
tags = [
  "one", # "]
  "two",
]
note = """
id = "inside a text"
[[account]]
"""
desk = 'd'
[account.urls]
rest = "r"
[[account]]
id = "b"
urls = { rest = "r", public = { linear = "l" } }
"quoted key".x = 1
'''


def test_every_key_is_found_at_its_line() -> None:
    lines = key_lines(TEXT)
    assert lines["title",] == 2
    assert lines["service",] == 3
    assert lines["service", "host"] == 4
    assert lines["account", 0] == 5
    assert lines["account", 0, "id"] == 6
    assert lines["account", 0, "tags"] == 7
    assert lines["account", 0, "note"] == 11
    assert lines["account", 0, "desk"] == 15
    assert lines["account", 0, "urls", "rest"] == 17
    assert lines["account", 1] == 18
    assert lines["account", 1, "id"] == 19
    assert lines["account", 1, "quoted key", "x"] == 21
    assert ("account", 2) not in lines


def test_what_has_no_line_of_its_own_gets_that_of_what_holds_it() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("account", 1, "urls", "rest")) == 20
    assert line_of(lines, ("account", 0, "tags", 1)) == 7
    assert line_of(lines, ("nowhere",)) == 1


names = st.text("abcdefgh-_", min_size=1, max_size=6)
values = st.sampled_from(
    [
        "1",
        '"x"',
        "'#'",
        '"""\nq = 1\n"""',
        "[\n 1,\n 2]",
        '{ a = 1, b = [ "]" ] }',
        "'''\n[x]\n'''",
        '"\\"[["',
    ]
)


@given(st.lists(st.lists(st.tuples(names, values), unique_by=lambda pair: pair[0], max_size=4), max_size=4))
def test_the_scanner_agrees_with_the_parser_on_any_layout(tables: list[list[tuple[str, str]]]) -> None:
    text = "".join("[[t]]\n" + "".join(f"{key} = {value}\n" for key, value in rows) for rows in tables)
    parsed = tomllib.loads(text).get("t", [])
    lines = key_lines(text)
    found = {(path[1], path[2]) for path in lines if len(path) == 3}
    assert found == {(index, key) for index, table in enumerate(parsed) for key in table}
    written = text.split("\n")
    for path, line in lines.items():
        if len(path) == 3:
            assert written[line - 1].startswith(f"{path[2]} = ")


def test_a_text_that_is_not_toml_ends_the_scan() -> None:
    assert key_lines("a = 1\n== nonsense\nb = 2\n") == {("a",): 1}
