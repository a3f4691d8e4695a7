"""Studies with people in a real browser: by keyboard, by touch, at every pixel ratio, served and packed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from srbench.studies.people.database import Study
from srbench.studies.people.pictures import FOLDER
from tests.browser.conftest import Chromium
from tests.browser.raters import expected_answers, give_opinion, rate, wait, watched
from tests.helpers import command
from tests.studies.people.working import made_study, serving, stored, tokens


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
            page, errors = watched(context)
            page.goto(address)
            assert wait(page, -1) == "go"
            page.keyboard.press("Enter")
            assert wait(page, -1) == "trial 0"
            right = page.locator("#answers button.expected b").inner_text()
            page.keyboard.press("3")
            page.wait_for_function(
                "() => document.querySelector('#answers p').textContent.includes('only this')"
            )
            assert stored(folder) == {}, "an example takes its own score only"
            page.keyboard.press(right)
            last = rate(page, give_opinion, last=0, until=9)
            assert errors == []
        assert len(stored(folder)) == last + 1 == 9
        with chromium.profile(tmp_path / "profile") as context:
            page, errors = watched(context)
            page.goto(address)
            page.wait_for_selector("#resume")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.wait_for_url("**/r/**")
            assert wait(page, -1) == "trial 9", "it goes on where it stopped"
            rate(page, give_opinion, last=8)
            assert page.locator("#text h2").inner_text() == "Thank you!"
            assert errors == []
        with Study(folder) as study:
            assert len(study.raters()) == 1, "coming back is no second place"
    assert stored(folder) == expected_answers(folder, 0)


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
        page, errors = watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        assert wait(page, -1) == "go"
        page.keyboard.press("Enter")
        assert wait(page, -1) == "trial 0"
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
        page, errors = watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        last = -1
        while (found := wait(page, last)) != "done":
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
    assert stored(folder) == expected_answers(folder, 0)


def test_preferences_by_arrow_keys(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--design", "2afc", "--raters", "1", "--checks", "2")

    def choose(page: Any, position: int) -> None:
        expected = page.locator("#answers button.expected b")
        right = expected.inner_text() == "→" if expected.count() else position % 3 == 0
        page.keyboard.press("ArrowRight" if right else "ArrowLeft")

    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 900, "height": 700})
        page, errors = watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        rate(page, choose)
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
        page, errors = watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        rate(page, order)
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
    page, errors = watched(context)
    page.goto(address)
    last = rate(page, give_opinion, until=6)
    page.close()
    page, errors = watched(context)
    page.goto(address)
    assert wait(page, -1) == f"trial {last + 1}", "the browser has kept the answers"
    rate(page, give_opinion, last=last)
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(tmp_path / "answers.json")
    assert errors == []
    context.close()
    result = command("study", "import", tmp_path / "answers.json", "--out", folder)
    assert result.code == 0, result.err
    assert stored(folder) == expected_answers(folder, 0)
