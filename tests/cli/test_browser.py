import webbrowser

import pytest

from marginwatch.cli import browser


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(browser.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    return []


def test_without_a_screen_nothing_opens(opened: list[str]) -> None:
    assert browser.open_page("http://127.0.0.1:1", opened.append) is None
    assert opened == []


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_with_one_the_page_opens(opened: list[str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, ":0")
    thread = browser.open_page("http://127.0.0.1:1", opened.append)
    assert thread is not None
    thread.join(10)
    assert opened == ["http://127.0.0.1:1"]


def test_elsewhere_a_screen_is_taken_for_granted_but_not_over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.sys, "platform", "darwin")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    assert browser.has_screen()
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    assert not browser.has_screen()


@pytest.mark.parametrize("error", [webbrowser.Error("none"), FileNotFoundError("none")])
def test_a_browser_that_does_not_start_is_no_failure(
    opened: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")

    def fail(url: str) -> None:
        opened.append(url)
        raise error

    thread = browser.open_page("http://127.0.0.1:1", fail)
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()
    assert opened == ["http://127.0.0.1:1"]
