import pytest

from marginwatch.web.access.headers import RequestHeaders, host_name, is_loopback_name


def headers(**values: str) -> RequestHeaders:
    return RequestHeaders(
        (name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in values.items()
    )


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:8600", "127.0.0.1"),
        ("LocalHost", "localhost"),
        ("[::1]:8600", "::1"),
        ("[::1]", "::1"),
        ("[::1]x", ""),
        ("[::1", ""),
        ("[::1%25lo]", ""),
        ("localhost:evil.example", ""),
        ("127.0.0.1:80@evil.example", ""),
        ("::1", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_name_in_a_host_header(host: str | None, name: str) -> None:
    assert host_name(host) == name


def test_names_of_this_machine_and_names_that_only_look_like_it() -> None:
    assert all(is_loopback_name(name) for name in ("localhost", "127.0.0.1", "127.8.9.1", "::1"))
    others = ("", "localhost.evil.example", "127.0.0.1.evil.example", "127.1", "0x7f000001", "2130706433")
    assert not any(is_loopback_name(name) for name in (*others, "0.0.0.0", "localhost.", "10.0.0.1"))


def test_a_name_given_twice_is_no_name() -> None:
    twice = RequestHeaders([(b"host", b"127.0.0.1"), (b"host", b"evil.example")])
    assert not twice.is_for_this_machine()
    assert headers(host="127.0.0.1:1").is_for_this_machine()
    assert not headers().is_for_this_machine()


@pytest.mark.parametrize(
    ("origin", "host", "is_ours"),
    [
        ("http://127.0.0.1:8600", "127.0.0.1:8600", True),
        ("https://risk.example", "risk.example", True),
        ("https://risk.example", "risk.example:443", True),
        ("https://risk.example", "Risk.Example", True),
        ("http://risk.example", "risk.example:80", True),
        ("https://risk.example:8443", "risk.example:8443", True),
        ("http://risk.example", "risk.example:443", False),
        ("http://127.0.0.1:8601", "127.0.0.1:8600", False),
        ("http://localhost:8600", "127.0.0.1:8600", False),
        ("https://risk.example.evil.example", "risk.example", False),
        ("https://evil.example", "risk.example", False),
        ("null", "127.0.0.1:8600", False),
        ("", "127.0.0.1:8600", False),
        ("http://", "", False),
        ("http://user@risk.example", "risk.example", False),
        ("http://risk.example/path", "risk.example", False),
        ("file://risk.example", "risk.example", False),
        ("http://[::1", "[::1", False),
    ],
)
def test_which_page_is_ours(origin: str, host: str, is_ours: bool) -> None:
    found = headers(origin=origin, host=host)
    assert found.is_of_our_page() is is_ours
    assert found.is_of_another_page() is not is_ours


def test_without_an_origin_the_browser_may_still_say_where_it_comes_from() -> None:
    assert not headers(host="x").is_of_another_page()
    assert not headers(host="x").is_of_our_page()
    for site, is_other in (
        ("same-origin", False),
        ("none", False),
        ("same-site", True),
        ("cross-site", True),
    ):
        assert headers(host="x", sec_fetch_site=site).is_of_another_page() is is_other


def test_two_origins_are_none_of_ours() -> None:
    both = [(b"host", b"x"), (b"origin", b"http://x"), (b"origin", b"http://evil.example")]
    assert RequestHeaders(both).is_of_another_page()


def test_proxies_are_known_by_what_they_add() -> None:
    assert not headers(host="x", accept="*/*").is_forwarded()
    names = (
        *(
            "forwarded",
            "x_forwarded_for",
            "x_forwarded_proto",
            "x_real_ip",
            "via",
            "cf_connecting_ip",
            "cf_ray",
        ),
        *("x_forwarded_by", "x_forwarded_scheme", "x_original_host", "x_cluster_client_ip", "client_ip"),
        *(
            "fastly_client_ip",
            "x_azure_clientip",
            "x_amzn_trace_id",
            "tailscale_user_login",
            "true_client_ip",
        ),
    )
    for name in names:
        assert headers(**{name: ""}).is_forwarded(), name


def test_https_is_believed_only_where_it_is_said() -> None:
    assert headers(x_forwarded_proto="https").is_secure()
    assert headers(x_forwarded_proto="http, HTTPS").is_secure()
    assert not headers(x_forwarded_proto="http").is_secure()
    assert not headers(forwarded="proto=https").is_secure()


def test_cookies_of_a_name() -> None:
    found = RequestHeaders([(b"cookie", b"a=1; b=2;b=x=3"), (b"cookie", b"b=; c")])
    assert found.cookies("b") == ("2", "x=3", "")
    assert found.cookies("c") == ()
