"""The report in a real browser: no errors, no requests beyond its folder, works by hand and by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import command
from tests.report.runs import AWKWARD, made_run

_NAME = AWKWARD.replace("/", "_")


@dataclass
class Shown:
    """A page that is open, and what it complained of or asked for."""

    page: Any
    folder: Path
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = made_run(tmp_path_factory.mktemp("page"))
    result = command("report", run)
    assert result.code == 0, result.err
    return run / "report"


def _open(browser: Any, report: Path, *, width: int = 1280, scheme: str = "light") -> tuple[Any, Shown]:
    context = browser.new_context(
        viewport={"width": width, "height": 860},
        color_scheme=scheme,
        has_touch=width < 600,
        reduced_motion="reduce",
    )
    shown = Shown(context.new_page(), report)
    shown.page.on(
        "console", lambda said: shown.errors.append(said.text) if said.type in ("error", "warning") else None
    )
    shown.page.on("pageerror", lambda error: shown.errors.append(str(error)))
    shown.page.on("request", lambda request: shown.requests.append(request.url))
    shown.page.goto((report / "index.html").as_uri())
    shown.page.wait_for_selector("#board tbody tr")
    return context, shown


@pytest.fixture
def shown(browser: Any, report: Path) -> Iterator[Shown]:
    context, opened = _open(browser, report)
    yield opened
    assert opened.errors == []
    inside = report.as_uri() + "/"
    assert [url for url in opened.requests if not url.startswith((inside, "data:"))] == []
    context.close()


def _names(shown: Shown) -> list[str]:
    return shown.page.locator("#board tbody th").all_inner_texts()  # type: ignore[no-any-return]


def _transform(shown: Shown, selector: str) -> str:
    return shown.page.locator(selector).first.evaluate("image => image.style.transform")  # type: ignore[no-any-return]


def _seen(locator: Any) -> dict[str, float]:
    """Where an element is once it is scrolled into view."""
    locator.scroll_into_view_if_needed()
    return locator.bounding_box()  # type: ignore[no-any-return]


def test_names_are_text(shown: Shown):
    assert _NAME in _names(shown)
    assert shown.page.locator("main b:has-text('é')").count() == 0
    assert shown.page.locator("#chosen label", has_text=_NAME).count() == 1


def test_sorting_by_a_column_and_back(shown: Shown):
    button = shown.page.locator("#board thead button", has_text="SSIM")
    button.click()
    first = _names(shown)
    assert shown.page.locator("#board th[aria-sort=descending]").inner_text().startswith("SSIM")
    shown.page.locator("#board thead button", has_text="SSIM").press("Enter")
    assert _names(shown) == first[::-1]
    assert shown.page.evaluate("document.activeElement.textContent").startswith("SSIM")
    shown.page.locator("#board thead button", has_text="Method").click()
    names = _names(shown)
    assert names.index("bicubic") < names.index("hr") < names.index("nearest")


def test_missing_scores_show_their_reason(shown: Shown):
    mark = shown.page.locator("#board .partial").first
    assert mark.inner_text() == "6 of 7"
    assert "no file for the image c" in mark.get_attribute("title")
    assert shown.page.locator("#gaps summary").inner_text() == "3 scores are missing"
    shown.page.locator("#gaps summary").click()
    assert "no file for the image c" in shown.page.locator("#gaps li").first.inner_text()


def test_choosing_an_image_by_list_button_and_thumbnail(shown: Shown):
    page = shown.page
    page.select_option("#image", "3")
    assert "/d.png" in page.locator("#stage img").first.get_attribute("src")
    page.click("#next")
    assert "/e.png" in page.locator("#stage img").first.get_attribute("src")
    page.click("#previous")
    page.locator("#thumbs button").nth(1).click()
    assert page.input_value("#image") == "1"
    page.select_option("#right", "nearest")
    assert "/nearest/b.png" in page.locator("#stage .over img").get_attribute("src")


def test_a_picture_that_is_missing_is_said(shown: Shown):
    shown.page.select_option("#image", "2")
    shown.page.select_option("#right", _NAME)
    assert shown.page.locator("#stage .none").inner_text() == f"no picture of {_NAME}"


def test_the_slider_moves_by_key_and_by_hand(shown: Shown):
    page = shown.page
    page.locator("#split").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert page.locator("#stage .over").evaluate("over => over.style.clipPath") == "inset(0px 0px 0px 60%)"
    box = _seen(page.locator("#stage"))
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 30)
    page.mouse.up()
    assert abs(float(page.input_value("#split")) - 25) < 1


def test_zoom_and_pan_move_both_pictures_together(shown: Shown):
    page = shown.page
    page.wait_for_function("document.querySelector('#stage img').style.transform")
    before = _transform(shown, "#stage img")
    page.click("#in")
    page.click("#in")
    assert page.inner_text("#zoom") == "2.3×"
    zoomed = _transform(shown, "#stage img")
    assert zoomed != before
    assert zoomed == _transform(shown, "#stage .over img")
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    assert _transform(shown, "#stage img") != zoomed
    assert _transform(shown, "#stage img") == _transform(shown, "#stage .over img")
    page.keyboard.press("0")
    assert _transform(shown, "#stage img") == before


def test_crops_move_together_and_show_the_best_scores(shown: Shown):
    page = shown.page
    page.click("#mode-grid")
    page.wait_for_function("[...document.querySelectorAll('#panes img')].every(i => i.style.transform)")
    crops = page.locator("#panes .pane").count() - 1
    assert crops == 5
    transforms = page.locator("#panes .pane:not(:has(.box)) img").evaluate_all(
        "all => all.map(i => i.style.transform)"
    )
    assert len(set(transforms)) == 1
    pane = _seen(page.locator("#panes .pane").nth(1))
    page.mouse.move(pane["x"] + 60, pane["y"] + 60)
    page.mouse.down()
    page.mouse.move(pane["x"] + 20, pane["y"] + 40)
    page.mouse.up()
    moved = page.locator("#panes .pane:not(:has(.box)) img").evaluate_all(
        "all => all.map(i => i.style.transform)"
    )
    assert len(set(moved)) == 1
    assert moved != transforms
    assert page.locator("#panes .good").count() >= 3
    page.locator("#chosen label", has_text="nearest").click()
    assert page.locator("#panes .pane").count() == crops


def test_plots_and_lists_lead_to_the_image(shown: Shown):
    page = shown.page
    assert page.locator("#strip circle").count() == 3 * 7 + 6
    assert page.locator("#plane-section").is_hidden()  # no metric of perception was asked for
    assert page.locator("#ranks polyline").count() == 4
    page.select_option("#strip-metric", "ssim_y")
    page.locator("#worst button").first.click()
    image = page.locator("#worst button span").first.inner_text()
    assert page.locator("#image option:checked").inner_text() == image
    assert "6 images" in page.locator("#ranks-text").inner_text()


def test_the_whole_head_of_a_column_sorts_and_has_one_arrow(shown: Shown):
    page = shown.page
    head = page.locator("#board thead th", has_text="RMSE")
    box = _seen(head)
    page.mouse.click(box["x"] + 3, box["y"] + 3)
    head = page.locator("#board thead th", has_text="RMSE")
    assert head.get_attribute("aria-sort") == "ascending"
    text = page.locator("#board thead").inner_text()
    assert sum(text.count(arrow) for arrow in "↑↓▴▾") == 1
    assert "lower is better" in head.inner_text()


def test_best_and_worst_share_no_image(shown: Shown):
    names = [shown.page.locator(f"#{end} button span").all_inner_texts() for end in ("best", "worst")]
    assert set(names[0]).isdisjoint(names[1])


def test_a_link_leads_to_the_same_picture(browser: Any, report: Path, shown: Shown):
    page = shown.page
    page.click("#mode-grid")
    page.click("#next")
    page.click("#in")
    page.locator("#chosen label", has_text="nearest").click()
    page.wait_for_function("location.hash.includes('view=grid')")
    page.click("#link")
    address = page.evaluate("location.href")
    seen = _transform(shown, "#panes .pane:not(:has(.box)) img")
    context, other = _open(browser, report)
    other.page.goto(address)
    other.page.reload()
    other.page.wait_for_function("[...document.querySelectorAll('#panes img')].every(i => i.style.transform)")
    assert other.page.locator("#image option:checked").inner_text() == "b"
    assert _transform(other, "#panes .pane:not(:has(.box)) img") == seen
    assert not other.page.locator("#chosen label", has_text="nearest").locator("input").is_checked()
    other.page.goto((report / "index.html").as_uri() + "#table=9&image=none&zoom=x&methods=no")
    other.page.reload()
    assert other.page.locator("#board tbody tr").count() == 5
    assert other.errors == []
    context.close()


def test_the_table_is_copied_as_latex_and_csv(browser: Any, report: Path):
    context, opened = _open(browser, report)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    for button, said in (("#copy-latex", r"\begin{tabular}"), ("#copy-csv", "dataset,scale,protocol,method")):
        opened.page.click(button)
        opened.page.wait_for_function("document.getElementById('copied').textContent.endsWith('copied')")
        assert said in opened.page.evaluate("navigator.clipboard.readText()")
    context.close()


def test_a_phone_is_told_of_columns_out_of_sight(browser: Any, report: Path):
    context, opened = _open(browser, report, width=390)
    cue = opened.page.locator("#board-cue")
    assert cue.is_visible()
    opened.page.evaluate("document.getElementById('board-scroll').scrollLeft = 1e4")
    opened.page.wait_for_function("document.getElementById('board-cue').hidden")
    context.close()


def test_tables_stand_there_without_javascript(browser: Any, report: Path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((report / "index.html").as_uri())
    table = page.locator("#plain table")
    assert table.count() == 1
    assert table.is_visible()
    assert "bicubic" in table.inner_text()
    assert _NAME in table.inner_text()
    assert page.locator("#stage").is_hidden()
    context.close()


def test_light_and_dark(shown: Shown):
    page = shown.page
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    page.wait_for_selector("#board tbody tr")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_reaches_beyond_the_width(browser: Any, report: Path, width: int):
    context, opened = _open(browser, report, width=width)
    for mode in ("#mode-slide", "#mode-grid"):
        opened.page.click(mode)
        assert opened.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert opened.errors == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(browser: Any, report: Path, scheme: str, width: int):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe: pip install 'srbench[browser]'"
    )
    context, opened = _open(browser, report, scheme=scheme, width=width)
    for mode in ("#mode-slide", "#mode-grid"):
        opened.page.click(mode)
        found = axe.Axe().run(opened.page).response["violations"]
        serious = [
            (item["id"], [node["html"][:120] for node in item["nodes"]][:3])
            for item in found
            if item["impact"] in ("serious", "critical")
        ]
        assert serious == []
    context.close()


def test_the_page_of_a_large_run_opens_fast(browser: Any, tmp_path: Path):
    scores = tmp_path / "large" / "scores.csv"
    scores.parent.mkdir()
    lines = ["method,dataset,scale,protocol,image,metric,value,status,seconds"]
    lines += [
        f"m{m},big,4,srbench,i{i:03d},{metric},{20 + m + (i * 37 % 101) / 10 + k},ok,0.1"
        for m in range(10)
        for i in range(100)
        for k, metric in enumerate(("psnr_y", "ssim_y", "rmse_y", "niqe", "ma", "pi"))
    ]
    scores.write_text("\n".join(lines) + "\n")
    (scores.parent / "run.json").write_text(
        '{"format": 1, "protocols": {}, "datasets": {}, "methods": {}, "metrics": {}, "runs": []}'
    )
    assert command("report", scores.parent).code == 0
    context, opened = _open(browser, scores.parent / "report")
    loaded = opened.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert loaded < 2000
    assert opened.page.locator("#look").is_hidden()  # a run without output images
    assert "lower is better" in opened.page.locator("#board thead th", has_text="NIQE").inner_text()
    assert opened.errors == []
    context.close()


def test_every_row_of_the_table_says_whose_work_it_is(shown: Shown) -> None:
    assert "Origin" in shown.page.locator("#board thead th").last.inner_text()
    rows = shown.page.locator("#board tbody tr")
    by_name = {rows.nth(n).locator(".name").inner_text(): rows.nth(n) for n in range(rows.count())}
    assert by_name["bicubic"].locator("td.origin").inner_text() == "interpolation"
    assert by_name["hr"].locator("td.origin").inner_text() == "reference"
