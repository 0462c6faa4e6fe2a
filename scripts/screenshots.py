"""Take the pictures of the documents: each page in both themes, from a demo with a fixed seed.

``python scripts/screenshots.py [PAGE…]`` writes docs/images/PAGE-THEME.png, and ``overview-phone.png``. The market is calm
for some minutes, falls, and is held still in the middle of it, so that all pictures are of one moment.
"""

import asyncio
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from marginwatch.demo.stage import Plot, Stage, set_stage
from marginwatch.risk.tables import portfolio_summary
from small_png import small_png

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"

PAGES: Mapping[str, str] = {
    "overview": "overview",
    "accounts": "accounts",
    "account": "accounts/dir-momentum",
    "positions": "positions",
    "exposure": "exposure",
    "stress": "stress",
    "advice": "advice",
    "alerts": "alerts",
    "health": "health",
}
"""Name of the picture → route."""

THEMES = ("dark", "light")
SCREEN = (1440, 840)
PHONE = (390, 844)

VICTIM = "dir-momentum"
CALM_S = 240.0
FALLING_USAGE, DANGER_USAGE = 0.12, 0.62
"""The market falls by itself until the victim uses so much of its margin, and then in small steps until so much."""

STEP = -0.001
STEPS_MAX = 200
FALL_TIMEOUT_S = 60.0
SETTLE_S = 15.0
DRAWN_S = 2.5
BYTES_MAX = 250_000

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


async def take(names: list[str]) -> list[str]:
    """Take the pictures of these pages and return what is wrong with them, a line each."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        return ["pictures need a browser: sudo apt-get install chromium"]
    wrong: list[str] = []
    async with set_stage(Plot(seed=42, scenario="calm")) as stage, async_playwright() as playwright:
        await _play(stage)
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            for theme in THEMES:
                for name in names:
                    wrong += await _picture(browser, stage.url, PAGES[name], f"{name}-{theme}", theme, SCREEN)
            if "overview" in names:
                wrong += await _picture(browser, stage.url, "overview", "overview-phone", "dark", PHONE)
        finally:
            await browser.close()
    return wrong


async def _play(stage: Stage) -> None:
    """Play until the moment that is worth a picture, and hold the market there."""
    await _complete(stage)
    await asyncio.sleep(CALM_S)
    stage.exchange.set_regime("crash")
    async with asyncio.timeout(FALL_TIMEOUT_S):
        while _usage(stage) < FALLING_USAGE:
            await asyncio.sleep(0.02)
    stage.exchange.is_held = True
    stage.exchange.set_regime(None)
    for _ in range(STEPS_MAX):
        if _usage(stage) >= DANGER_USAGE:
            break
        stage.exchange.shock(STEP)
        stage.exchange.step()
    await asyncio.sleep(SETTLE_S)


def _usage(stage: Stage) -> float:
    uid = next(info.uid for info in stage.exchange.accounts() if info.name == VICTIM)
    return float(stage.exchange.truth(uid).wallet.totals.account_mm_rate or 0)


async def _complete(stage: Stage) -> None:
    async with asyncio.timeout(FALL_TIMEOUT_S):
        while (frame := stage.service.latest_frame()) is None or not portfolio_summary(frame).is_complete:
            await asyncio.sleep(0.1)


async def _picture(
    browser: Browser, url: str, route: str, name: str, theme: str, size: tuple[int, int]
) -> list[str]:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-US", timezone_id="UTC"
    )
    await context.add_init_script(
        f"if (location.protocol !== 'about:') localStorage.setItem('marginwatch.theme', '{theme}')"
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{name}: {error.message}"))
    path = IMAGES / f"{name}.png"
    try:
        await _opened(page, f"{url}/#/{route}")
        picture = await page.screenshot(animations="disabled")
        await page.goto("about:blank")
        path.write_bytes(await small_png(page, picture))
    finally:
        await context.close()
    if path.stat().st_size > BYTES_MAX:
        errors.append(f"{name}: {path.stat().st_size:,} bytes are too many for a document")
    return errors


async def _opened(page: Page, url: str) -> None:
    await page.goto(url)
    await page.wait_for_selector("body[data-live=true]", state="attached", timeout=15_000)
    await asyncio.sleep(DRAWN_S)  # charts come in after the figures


def main() -> int:
    """Take what was asked for, or everything."""
    names = sys.argv[1:] or list(PAGES)
    if unknown := [name for name in names if name not in PAGES]:
        sys.stderr.write(f"no page named {unknown[0]!r}; known: {', '.join(PAGES)}\n")
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    wrong = asyncio.run(take(names))
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
