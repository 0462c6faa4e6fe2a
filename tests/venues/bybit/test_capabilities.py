import pytest

from marginwatch.errors import MarginwatchError
from marginwatch.model.ids import AccountId
from marginwatch.model.notice import Notice
from marginwatch.venues.bybit.capabilities import Capabilities, is_closed
from marginwatch.venues.bybit.errors import MEANINGS, error_for, error_for_status

CLOSING = {10005, 10017, 110031, 110077, 3500002, 3500153}
"""Permission missing, route missing, and what the venue does not offer to the account."""


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_only_answers_about_one_endpoint_close_it(code: int) -> None:
    assert is_closed(error_for(code, "no")) is (code in CLOSING)


def test_a_missing_page_closes_and_a_failing_server_does_not() -> None:
    assert is_closed(error_for_status(404, ""))
    assert not is_closed(error_for_status(502, ""))
    assert not is_closed(error_for_status(403, ""))


def test_what_was_learned_is_raised_again_and_told_once() -> None:
    notices: list[Notice] = []
    capabilities = Capabilities(AccountId("mm-main"), notices.append)
    capabilities.check("/v5/x")
    for _ in range(2):
        capabilities.learn("/v5/x", error_for(10005, "Permission denied"))
    capabilities.learn("/v5/y", error_for(10016, "restarting"))
    with pytest.raises(MarginwatchError, match="Permission denied"):
        capabilities.check("/v5/x")
    capabilities.check("/v5/y")
    assert list(capabilities.missing) == ["/v5/x"]
    assert [(n.kind, n.account_id) for n in notices] == [("endpoint_closed", "mm-main")]
    capabilities.reopen()
    capabilities.check("/v5/x")
    capabilities.learn("/v5/x", error_for(10005, "Permission denied"))
    assert list(capabilities.missing) == ["/v5/x"]
    assert len(notices) == 1
