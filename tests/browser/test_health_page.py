"""The health page tells how every source and the service itself do."""

from playwright.sync_api import expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal


def test_every_source_is_there_with_its_state(terminal: Terminal, product: Product) -> None:
    terminal.open("health")
    names = set(product.truths())
    rows = terminal.part("source-row")
    expect(rows).to_have_count(len(names))
    shown = rows.evaluate_all("rows => rows.map(row => [row.dataset.account, row.dataset.state])")
    assert {name for name, _ in shown} == names
    assert {state for _, state in shown} == {"included"}
    for name in names:
        expect(rows.filter(has_text=name)).to_be_visible()


def test_frames_parts_and_the_process_are_told(terminal: Terminal, product: Product) -> None:
    terminal.open("health")
    assert terminal.figure("health-frame-build") > 0.0
    assert terminal.figure("health-memory") > 10e6
    assert terminal.figure("health-stream-clients") >= 1.0
    expect(terminal.part("part-row").first).to_be_visible()
    expect(terminal.part("budget").first).to_be_visible()
    expect(terminal.part("health-alerting-state")).to_be_visible()
