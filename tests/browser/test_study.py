"""Studies with people in a real browser: by keyboard, by touch, at every pixel ratio, served and packed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from srbench.studies.people.database import Study
from srbench.studies.people.pictures import FOLDER
from tests.browser.conftest import Chromium
from tests.helpers import command
from tests.studies.people.working import answered, finished_run, made_study, serving, stored, tokens

# What the page waits for after the trial at `last`: a button to go on, the end, or the next trial.
_WAITS = """last => {
  const text = document.getElementById("text"), stage = document.getElementById("stage");
  if (!text.hidden) {
    const go = text.querySelector("#go");
    if (go) return go.disabled ? null : "go";
    return text.querySelector("h2") ? "done" : null;
  }
  const ready = stage.dataset.ready;
  return !stage.hidden && ready !== undefined && Number(ready) > last ? `trial ${ready}` : null;
}"""


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("shown"))


def _next(page: Any, last: int) -> str:
    return page.wait_for_function(_WAITS, arg=last).json_value()  # type: ignore[no-any-return]


def _rate(page: Any, answer: Callable[[Any, int], None], last: int = -1, until: int = 10**6) -> int:
    """Goes through a study by keyboard: Enter on text pages, `answer(page, position)` in trials, up to the
    trial `until` or the end; gives the last position that was answered."""
    while (found := _next(page, last)) != "done":
        if found == "go":
            page.keyboard.press("Enter")
            continue
        position = int(found.removeprefix("trial "))
        if position >= until:
            break
        answer(page, position)
        last = position
    return last


def _opinion(page: Any, position: int) -> None:
    """The digit that an example asks for, else one that depends on the position."""
    expected = page.locator("#answers button.expected b")
    page.keyboard.press(expected.inner_text() if expected.count() else str(1 + position % 5))


def _watched(context: Any) -> tuple[Any, list[str]]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return page, errors


def _expected(folder: Path, slot: int) -> dict[tuple[int, int], str]:
    with Study(folder) as study:
        return {
            (slot, position): trial.expected or str(1 + position % 5)
            for position, trial in enumerate(study.trials(slot))
        }


def test_a_rater_enrols_rates_by_keyboard_closes_the_browser_and_finishes(
    chromium: Chromium, run_folder: Path, tmp_path: Path
):
    folder = made_study(
        run_folder, tmp_path / "s", "--open", "--raters", "2", "--repeats", "3", "--block", "6"
    )
    with Study(folder) as study:
        key = study.meta("enrolment")
    with serving(folder) as port:
        address = f"http://127.0.0.1:{port}/join/{key}"
        with chromium.profile(tmp_path / "profile") as context:
            page, errors = _watched(context)
            page.goto(address)
            assert _next(page, -1) == "go"
            page.keyboard.press("Enter")
            assert _next(page, -1) == "trial 0"
            right = page.locator("#answers button.expected b").inner_text()
            page.keyboard.press("3")
            page.wait_for_function(
                "() => document.querySelector('#answers p').textContent.includes('only this')"
            )
            assert stored(folder) == {}, "an example takes its own score only"
            page.keyboard.press(right)
            last = _rate(page, _opinion, last=0, until=9)
            assert errors == []
        assert len(stored(folder)) == last + 1 == 9
        with chromium.profile(tmp_path / "profile") as context:
            page, errors = _watched(context)
            page.goto(address)
            page.wait_for_selector("#resume")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.wait_for_url("**/r/**")
            assert _next(page, -1) == "trial 9", "it goes on where it stopped"
            _rate(page, _opinion, last=8)
            assert page.locator("#text h2").inner_text() == "Thank you!"
            assert errors == []
        with Study(folder) as study:
            assert len(study.raters()) == 1, "coming back is no second place"
    assert stored(folder) == _expected(folder, 0)


@pytest.mark.parametrize("ratio", [1, 1.25, 2, 3])
def test_a_pixel_of_the_picture_is_a_pixel_of_the_screen(
    browser: Any, run_folder: Path, tmp_path: Path, ratio: float
):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "1", "--reference", "shown")
    with Study(folder) as study:
        first = study.trials(0)[0]
        names = [study.stimulus(number).file for number in (first.reference, *first.stimuli) if number]
    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 900, "height": 700}, device_scale_factor=ratio)
        page, errors = _watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        assert _next(page, -1) == "go"
        page.keyboard.press("Enter")
        assert _next(page, -1) == "trial 0"
        shot = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        boxes = page.locator("#stage canvas").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(box => [box.left, box.top])"
        )
        assert len(boxes) == len(names)
        for (left, top), name in zip(boxes, names, strict=True):
            pixels = np.asarray(Image.open(folder / FOLDER / name))
            row, column = round(top * ratio), round(left * ratio)
            seen = shot[row : row + pixels.shape[0], column : column + pixels.shape[1]]
            assert np.array_equal(seen, pixels)
        assert page.locator("#warning").is_hidden()
        assert errors == []
        context.close()


def test_a_phone_shows_everything_that_a_thumb_needs(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "1", "--repeats", "0")
    with serving(folder) as port:
        context = browser.new_context(
            viewport={"width": 360, "height": 640}, device_scale_factor=3, has_touch=True, is_mobile=True
        )
        page, errors = _watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        last = -1
        while (found := _next(page, last)) != "done":
            if found == "go":
                page.locator("#go").tap()
                continue
            position = int(found.removeprefix("trial "))
            buttons = page.locator("#answers button")
            for index in range(5):
                box = buttons.nth(index).bounding_box()
                assert box["height"] >= 44
                assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
                assert box["y"] + box["height"] <= 640
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            expected = page.locator("#answers button.expected")
            (expected if expected.count() else buttons.nth(position % 5)).tap()
            last = position
        assert errors == []
        context.close()
    assert stored(folder) == _expected(folder, 0)


def test_preferences_by_arrow_keys(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--design", "2afc", "--raters", "1", "--checks", "2")

    def choose(page: Any, position: int) -> None:
        expected = page.locator("#answers button.expected b")
        right = expected.inner_text() == "→" if expected.count() else position % 3 == 0
        page.keyboard.press("ArrowRight" if right else "ArrowLeft")

    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 900, "height": 700})
        page, errors = _watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        _rate(page, choose)
        assert errors == []
        context.close()
    with Study(folder) as study:
        trials = study.trials(0)
    assert stored(folder) == {
        (0, position): trial.expected if trial.kind == "calibration" else str(int(position % 3 == 0))
        for position, trial in enumerate(trials)
    }


def test_rankings_by_digits_with_a_change_of_mind(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--design", "ranking", "--raters", "1", "--checks", "0")

    def order(page: Any, position: int) -> None:
        count = page.locator("#stage figure.choice").count()
        wanted = list(range(count))[::-1]
        if page.locator("#answers p").inner_text().startswith("Example"):
            said = page.locator("#answers p").inner_text().split(" is ")[1].rstrip(".")
            wanted = [int(place) - 1 for place in said.split(", ")]
        page.keyboard.press("1")
        page.keyboard.press("Enter")  # too early: nothing is sent
        page.keyboard.press("Backspace")
        for place in wanted:
            page.keyboard.press(str(place + 1))
        page.keyboard.press("Enter")

    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 900, "height": 700})
        page, errors = _watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        _rate(page, order)
        assert errors == []
        context.close()
    with Study(folder) as study:
        trials = study.trials(0)
    assert stored(folder) == {
        (0, position): trial.expected or ",".join(map(str, range(len(trial.stimuli))[::-1]))
        for position, trial in enumerate(trials)
    }


def test_a_packed_study_is_rated_from_its_folder_and_imported(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "1")
    assert command("study", "pack", folder, "--out", tmp_path / "pages").code == 0
    address = f"{(tmp_path / 'pages' / 'index.html').as_uri()}#{tokens(folder)[0]}"
    context = browser.new_context(viewport={"width": 900, "height": 700}, accept_downloads=True)
    page, errors = _watched(context)
    page.goto(address)
    last = _rate(page, _opinion, until=6)
    page.close()
    page, errors = _watched(context)
    page.goto(address)
    assert _next(page, -1) == f"trial {last + 1}", "the browser has kept the answers"
    _rate(page, _opinion, last=last)
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(tmp_path / "answers.json")
    assert errors == []
    context.close()
    result = command("study", "import", tmp_path / "answers.json", "--out", folder)
    assert result.code == 0, result.err
    assert stored(folder) == _expected(folder, 0)


def test_two_tabs_answer_every_trial_once(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "1")
    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 900, "height": 700})
        (first, errors), (second, _) = _watched(context), _watched(context)
        for page in (first, second):
            page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        _rate(first, _opinion, until=7)
        # The second tab still shows the welcome; what it starts with is where the first one stands.
        second.bring_to_front()
        assert _next(second, -1) == "go"
        second.keyboard.press("Enter")
        assert _next(second, -1) == "trial 7"
        second.keyboard.press("1")
        assert _next(second, 7) == "trial 8"
        first.bring_to_front()
        first.keyboard.press("5")
        assert _next(first, 7) == "trial 8", "the answer of the other tab stays, and this one goes on"
        assert stored(folder)[0, 7] == "1"
        _rate(first, _opinion, last=7)
        assert [text for text in errors if "409" not in text] == []
        context.close()
    assert stored(folder) == _expected(folder, 0) | {(0, 7): "1"}


def test_an_answer_whose_reply_is_lost_is_kept_once(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "1")
    lost = []

    def lose(route: Any) -> None:
        """The server gets every third answer, its page never hears of it."""
        if len(lost) % 3 == 0:
            route.fetch()
            route.abort()
        else:
            route.continue_()
        lost.append(route.request.post_data_json["position"])

    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 900, "height": 700})
        page = context.new_page()
        page.route("**/answers", lose)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        _rate(page, _opinion, until=8)
        # Closed while an answer is on its way: it is there, and nothing is asked twice.
        page.route("**/answers", lambda route: (route.fetch(), page.evaluate("location.reload()")))
        _opinion(page, 8)
        page.wait_for_event("load")
        page.unroute_all(behavior="ignoreErrors")
        assert _next(page, -1) == "trial 9"
        _rate(page, _opinion, last=8)
        context.close()
    assert len(lost) > len(set(lost))
    assert stored(folder) == _expected(folder, 0)


def test_the_report_shows_what_people_say(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "2")
    rating = {"nearest": "1", "bicubic": "2", "lanczos": "4", "hr": "5"}
    answered(folder, lambda _, method, __: rating[method])
    for name, options in (("with", ("--study", folder)), ("without", ())):
        result = command("report", run_folder, "--out", tmp_path / name, "--no-images", *options)
        assert result.code == 0, result.err
        context = browser.new_context(viewport={"width": 1000, "height": 800})
        page, errors = _watched(context)
        page.goto((tmp_path / name / "index.html").as_uri())
        page.wait_for_selector("#board tbody tr")
        assert page.locator("#people").is_visible() == (name == "with")
        if name == "with":
            rows = page.locator("#opinions tbody tr")
            assert [row.split("\t")[:2] for row in rows.all_inner_texts()] == [
                ["hr", "5.00"], ["lanczos", "4.00"], ["bicubic", "2.00"], ["nearest", "1.00"],
            ]  # fmt: skip
            assert rows.nth(1).locator("td").all_inner_texts()[2:] == [
                "6",
                "0 %",
                "0 %",
                "0 %",
                "100 %",
                "0 %",
            ]
            assert "2 raters, 6 ratings a method" in page.locator("#people-lines").inner_text()
            assert "MOS" in page.locator("#board thead").inner_text()
        assert errors == []
        context.close()
