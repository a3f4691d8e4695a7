"""Studies in a real browser where two tabs are open or a reply is lost; and the report's panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.raters import expected_answers, give_opinion, rate, wait, watched
from tests.helpers import command
from tests.studies.people.working import answered, made_study, serving, stored, tokens


def test_two_tabs_answer_every_trial_once(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "1")
    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 900, "height": 700})
        (first, errors), (second, _) = watched(context), watched(context)
        for page in (first, second):
            page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        rate(first, give_opinion, until=7)
        # The second tab still shows the welcome; what it starts with is where the first one stands.
        second.bring_to_front()
        assert wait(second, -1) == "go"
        second.keyboard.press("Enter")
        assert wait(second, -1) == "trial 7"
        second.keyboard.press("1")
        assert wait(second, 7) == "trial 8"
        first.bring_to_front()
        first.keyboard.press("5")
        assert wait(first, 7) == "trial 8", "the answer of the other tab stays, and this one goes on"
        assert stored(folder)[0, 7] == "1"
        rate(first, give_opinion, last=7)
        assert [text for text in errors if "409" not in text] == []
        context.close()
    assert stored(folder) == expected_answers(folder, 0) | {(0, 7): "1"}


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
        rate(page, give_opinion, until=8)
        # Closed while an answer is on its way: it is there, and nothing is asked twice.
        page.route("**/answers", lambda route: (route.fetch(), page.evaluate("location.reload()")))
        give_opinion(page, 8)
        page.wait_for_event("load")
        page.unroute_all(behavior="ignoreErrors")
        assert wait(page, -1) == "trial 9"
        rate(page, give_opinion, last=8)
        context.close()
    assert len(lost) > len(set(lost))
    assert stored(folder) == expected_answers(folder, 0)


def test_the_report_shows_what_people_say(browser: Any, run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "2")
    rating = {"nearest": "1", "bicubic": "2", "lanczos": "4", "hr": "5"}
    answered(folder, lambda _, method, __: rating[method])
    for name, options in (("with", ("--study", folder)), ("without", ())):
        result = command("report", run_folder, "--out", tmp_path / name, "--no-images", *options)
        assert result.code == 0, result.err
        context = browser.new_context(viewport={"width": 1000, "height": 800})
        page, errors = watched(context)
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


def test_a_window_that_is_too_small_is_said_until_it_is_enlarged(
    browser: Any, run_folder: Path, tmp_path: Path
):
    folder = made_study(run_folder, tmp_path / "s", "--raters", "1")
    with serving(folder) as port:
        context = browser.new_context(viewport={"width": 320, "height": 190})
        page, errors = watched(context)
        page.goto(f"http://127.0.0.1:{port}/r/{tokens(folder)[0]}/")
        assert wait(page, -1) == "go"
        page.keyboard.press("Enter")
        assert wait(page, -1) == "trial 0"
        assert "larger than your window" in page.locator("#warning").inner_text()
        size = page.locator("#stage canvas").evaluate("one => [one.width, one.clientWidth]")
        assert size == [64, 64], "the picture stays as large as it is"
        page.set_viewport_size({"width": 800, "height": 700})
        page.wait_for_function("() => document.getElementById('warning').hidden")
        assert errors == []
        context.close()
