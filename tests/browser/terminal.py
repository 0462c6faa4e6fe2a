"""A person in front of the dashboard: opens pages, reads figures, waits for what must come."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from tests.browser.reading import read

AXE = Path(__file__).resolve().parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
WAIT_MS = 20_000
"""Long, for a busy machine; what waits ends as soon as it has what it waits for."""


class Terminal:
    """One tab.

    Parameters
    ----------
    page : Page
        The tab.
    url : str
        Where the dashboard is.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        page.set_default_timeout(WAIT_MS)

    def open(self, route: str = "overview") -> None:
        """Open a page by its address and wait until it is live."""
        self.page.goto(f"{self.url}/#/{route}")
        self.is_live()

    def walk(self, routes: Iterable[str], *, settle_ms: float = 500) -> Iterator[str]:
        """Open one page after the other in this tab, as somebody who works does, and give what comes in time to come."""
        for route in routes:
            self.open(route)
            expect(
                self.page.locator(f"main[data-page='{route.partition('/')[0]}'] > *").nth(1)
            ).to_be_attached()
            self.page.wait_for_timeout(settle_ms)
            yield route

    def is_live(self, *, within_s: float = 20.0) -> None:
        """Wait until the page says that what it shows is live."""
        expect(self.page.locator("body[data-live=true]")).to_be_attached(timeout=within_s * 1e3)

    def is_not_live(self, *, within_s: float) -> None:
        """Wait until the page says that what it shows is not live."""
        expect(self.page.locator("body[data-live=false]")).to_be_attached(timeout=within_s * 1e3)

    def part(self, name: str) -> Locator:
        """Return the part of the page with this ``data-testid``."""
        return self.page.get_by_test_id(name)

    def text(self, name: str) -> str:
        """Return what a part shows, as a person reads it."""
        return self.part(name).first.inner_text(timeout=WAIT_MS).strip()

    def figure(self, name: str) -> float:
        """Return the number behind a figure, NaN if it is missing."""
        raw = self.part(name).first.get_attribute("data-value", timeout=WAIT_MS)
        return float(raw) if raw not in (None, "", "null") else math.nan

    def cell(self, grid: str, row: str, column: str) -> Locator:
        """Return a cell of a grid: in the row that holds this text."""
        rows = self.part(grid).get_by_role("row").filter(has_text=row)
        return rows.locator(f"[role=gridcell][col-id={column}]").first

    def cell_shows(self, grid: str, row: str, column: str, truth: Callable[[], float]) -> None:
        """Wait until a cell is how ``truth`` is shown."""

        def agree() -> str | None:
            text, true = self.cell(grid, row, column).inner_text(), truth()
            return None if read(text).is_(true) else f"{column} of {row} is shown as {text}, and it is {true}"

        until(agree)

    def shows(self, name: str, truth: Callable[[], float], *, relative: float = 1e-6) -> None:
        """Wait until a figure is what ``truth`` returns at the same moment."""

        def agree() -> str | None:
            before, shown, after = truth(), self.figure(name), truth()
            near = [
                one for one in (before, after) if math.isclose(shown, one, rel_tol=relative, abs_tol=1e-9)
            ]
            return None if near else f"{name} shows {shown}, and it is {after}"

        until(agree)

    def violations(self) -> list[str]:
        """Return what axe finds wrong for people who cannot see or point well, if it is serious."""
        # Evaluated from outside of the page: its policy stays as it is served.
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(AXE.read_text())
        result = self.page.evaluate(
            "() => axe.run(document, {resultTypes: ['violations'],"
            " runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
        )
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: "
            + "; ".join(f"{node['html'][:160]} {node['failureSummary'][:200]}" for node in one["nodes"][:3])
            for one in result["violations"]
            if one["impact"] in ("serious", "critical")
        ]


def until(check: Callable[[], str | None], *, within_s: float = 20.0) -> None:
    """Call ``check`` until it returns None; otherwise fail with what it said last."""
    deadline = time.monotonic() + within_s
    while (complaint := check()) is not None:
        if time.monotonic() > deadline:
            raise AssertionError(complaint)
        time.sleep(0.1)
