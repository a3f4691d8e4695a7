"""The leaderboard site in a real browser: filters, sorting, addresses, no script, accessibility."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import command, references
from tests.report.runs import made_run
from tests.working import run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    images = references(folder / "other", count=5, size=(48, 52))
    run(images, folder / "second", "--protocol", "basicsr", methods="bicubic,lanczos,nearest")
    first = made_run(folder / "first")
    result = command(
        "leaderboard", "build", first, folder / "second", "--site", folder / "out", "--no-images"
    )
    assert result.code == 0, result.err
    return folder / "out"


@pytest.fixture
def page(browser: Any, site: Path) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto((site / "index.html").as_uri())
    yield opened
    assert said == []
    context.close()


def _shown(page: Any) -> list[str]:
    return page.locator("section.board:visible h2").all_inner_texts()  # type: ignore[no-any-return]


def test_filters_leave_the_tables_that_have_what_was_chosen_and_stand_in_the_address(page: Any, site: Path):
    assert len(_shown(page)) == 2
    page.select_option("#f-protocol", "basicsr")
    assert [title.rpartition(" ")[2] for title in _shown(page)] == ["basicsr"]
    assert page.locator("#count").inner_text() == "1 of 2 tables"
    page.click("button[type=reset]")
    page.wait_for_function("document.getElementById('count').textContent === '2 of 2 tables'")
    page.select_option("#f-metric", "rmse_y")
    assert len(_shown(page)) == 1
    assert page.locator("section.board:visible thead th:visible").count() == 3
    page.fill("#f-method", "bic")
    assert page.locator("section.board:visible tbody tr:visible th").all_inner_texts() == ["bicubic"]
    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator("section.board:visible tbody tr:visible th").all_inner_texts() == ["bicubic"]
    other.close()


def test_a_head_sorts_best_first_and_then_the_other_way(page: Any):
    page.select_option("#f-protocol", "basicsr")
    board = page.locator("section.board:visible")
    head = board.locator("thead th[data-metric='psnr_y']")
    for wanted, falling in (("descending", True), ("ascending", False)):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == wanted
        cells = board.locator("tbody td[data-metric='psnr_y']").all()
        values = [float(cell.get_attribute("data-value")) for cell in cells]
        assert values == sorted(values, reverse=falling)


def test_a_phone_scrolls_tables_and_not_the_page(browser: Any, site: Path):
    context = browser.new_context(viewport={"width": 360, "height": 800})
    opened = context.new_page()
    for path in (site / "index.html", site / "methods" / "bicubic.html"):
        opened.goto(path.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") == 360
    context.close()


def test_without_javascript_every_table_stands_there(browser: Any, site: Path):
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((site / "index.html").as_uri())
    assert opened.locator("section.board:visible tbody tr").count() == 5 + 3
    assert opened.locator("#filters").is_hidden()
    opened.locator("section.board a", has_text="lanczos").first.click()
    assert opened.locator("h1").inner_text().startswith("lanczos")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, site: Path, scheme: str):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(viewport={"width": 390, "height": 860}, color_scheme=scheme)
    opened = context.new_page()
    for path in (site / "index.html", site / "methods" / "bicubic.html"):
        opened.goto(path.as_uri())
        found = axe.run(opened)
        assert found.violations_count == 0, found.generate_report()
    context.close()
