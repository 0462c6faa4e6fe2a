import pytest

from marginwatch.errors import (
    AuthError,
    ConfigError,
    ConnectivityError,
    MarginwatchError,
    RateLimitedError,
    RejectedError,
)
from marginwatch.venues.bybit.errors import (
    MEANINGS,
    clock_skew_ms,
    error_for,
    error_for_auth_refusal,
    error_for_status,
)

CODES = [
    (-1, AuthError, True),
    (429, RateLimitedError, True),
    (403, RateLimitedError, True),
    (5004, ConnectivityError, True),
    (10000, ConnectivityError, True),
    (10001, RejectedError, False),
    (10002, AuthError, True),
    (10003, AuthError, False),
    (10004, AuthError, False),
    (10005, AuthError, False),
    (10006, RateLimitedError, True),
    (10007, AuthError, False),
    (10008, AuthError, False),
    (10009, AuthError, False),
    (10010, AuthError, False),
    (10014, RejectedError, True),
    (10016, ConnectivityError, True),
    (10017, RejectedError, False),
    (10018, RateLimitedError, True),
    (10019, ConnectivityError, True),
    (10020, ConfigError, False),
    (10024, AuthError, False),
    (10027, RejectedError, False),
    (10028, ConfigError, False),
    (100028, ConfigError, False),
    (10029, RejectedError, False),
    (33004, AuthError, False),
    (-2015, AuthError, False),
    (3100181, RejectedError, False),
    (3100197, ConnectivityError, True),
    (3100326, RejectedError, False),
    (3100116, RejectedError, False),
    (110063, ConnectivityError, True),
    (131001, ConnectivityError, True),
    (131002, RejectedError, False),
    (3500002, RejectedError, False),
    (500010, ConfigError, False),
    (10403, RateLimitedError, True),
    (20006, RejectedError, True),
]


@pytest.mark.parametrize(("code", "error", "retryable"), CODES)
def test_who_must_act_and_whether_to_try_again(code, error, retryable) -> None:
    found = error_for(code, "words of the venue", venue="bybit", account_id="a", endpoint="/v5/x")
    assert (type(found), found.code, found.retryable) == (error, code, retryable)
    assert (found.venue, found.account_id, found.endpoint) == ("bybit", "a", "/v5/x")
    assert found.message.startswith("words of the venue")
    assert len(found.message) > len("words of the venue: ")


def test_a_code_nobody_knows_is_tried_again_and_keeps_its_words() -> None:
    found = error_for(424242, "something new")
    assert (type(found), found.reason, found.retryable) == (RejectedError, "unknown_code", True)
    assert "something new" in str(found)


def test_milder_auth_errors_say_so() -> None:
    assert error_for(10005, "Permission denied").reason == "permission"
    assert error_for(10002, "").reason == "clock_skew"
    assert {"permission", "clock_skew"}.isdisjoint(
        {MEANINGS[code].reason for code in (10003, 10004, 10007, 10008, 10009, 10010, 10024, 33004)}
    )


def test_waits() -> None:
    assert error_for(10006, "").retry_after_s == 1.0
    assert error_for(10006, "", retry_after_s=0.25).retry_after_s == 0.25
    assert error_for(10018, "").retry_after_s == 600.0
    upgrade = error_for(3100197, "")
    assert upgrade.retry_after_s is not None
    assert upgrade.retry_after_s >= 60.0


def test_success_is_no_error() -> None:
    with pytest.raises(ValueError, match="success"):
        error_for(0, "OK")


@pytest.mark.parametrize(
    ("text", "skew"),
    [
        ("x req_timestamp[1696396708819],server_timestamp[1696396707813],recv_window[15000]", -1006),
        ("x req_timestamp[1706972576658],server_timestamp[1706972587026],recv_window[5000]", 10368),
        ("no times", None),
        ("req_timestamp[],server_timestamp[1]", None),
        ("", None),
    ],
)
def test_the_skew_is_read_from_the_text(text, skew) -> None:
    assert clock_skew_ms(text) == skew


def test_the_message_says_which_way_the_clock_is_off() -> None:
    text = "req_timestamp[1696396708819],server_timestamp[1696396707813]"
    assert "1006 ms ahead" in error_for(10002, text).message


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, RejectedError, "rejected"),
        (401, AuthError, "key_invalid"),
        (403, RateLimitedError, "ip_blocked"),
        (404, RejectedError, "rejected"),
        (429, RateLimitedError, "venue_overload"),
        (500, ConnectivityError, "connectivity"),
        (503, ConnectivityError, "connectivity"),
    ],
)
def test_http_statuses(status, error, reason) -> None:
    found = error_for_status(status, "<html>\n  Access\n</html>", endpoint="/v5/x")
    assert (type(found), found.reason, found.code) == (error, reason, status)
    assert "\n" not in found.message


def test_refused_logins() -> None:
    clock = error_for_auth_refusal(None, "Params Error")
    assert (type(clock), clock.reason, clock.retryable) == (AuthError, "clock_skew", True)
    key = error_for_auth_refusal(None, "Request not authorized")
    assert (type(key), key.retryable) == (AuthError, False)
    assert error_for_auth_refusal(33004, "Your api key has expired.").reason == "key_expired"


def test_every_entry_speaks_to_somebody() -> None:
    for meaning in MEANINGS.values():
        assert issubclass(meaning.error, MarginwatchError)
        assert meaning.remedy.endswith(".")


@pytest.mark.parametrize(
    "message", ["Server error: please try again", "Request Timeout", "system is restarting"]
)
def test_a_login_refused_for_the_venues_own_troubles_is_tried_again_and_blames_no_key(message: str) -> None:
    error = error_for_auth_refusal(None, message)
    assert isinstance(error, ConnectivityError)
    assert error.retryable
    assert "key" not in str(error)
