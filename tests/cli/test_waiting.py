import pytest

from marginwatch.cli.waiting import awaited_words, cut
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.ids import AccountId


def link(name: str, reason: str | None = None) -> Connectivity:
    return Connectivity(account_id=AccountId(name), link_state=LinkState.STARTING, reason=reason)


def test_a_few_names_and_the_first_reason() -> None:
    links = [link("a"), link("b", "the host\nrefuses"), link("c", "other"), link("d"), link("e")]
    assert awaited_words(links[:2]) == "waiting for a, b: the host refuses"
    assert awaited_words(links) == "waiting for a, b, c and 2 more: the host refuses"
    assert awaited_words([link("a")]) == "waiting for a"


@pytest.mark.parametrize(("width", "expected"), [(6, "abcdef"), (4, "abc…"), (1, "…"), (0, "…")])
def test_a_line_fits_its_terminal(width: int, expected: str) -> None:
    assert cut("abcdef", width) == expected
