"""The server over HTTP: what raters get, and what nobody gets."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from srbench.studies.people.database import Study
from srbench.studies.people.serve import hosts_of
from tests.helpers import command
from tests.studies.people.working import Client, answer_all, made_study, serving, stored, tokens

METHODS = ("nearest", "bicubic", "lanczos", "hr")


def test_a_rater_answers_every_trial_once(mos: Path):
    token = tokens(mos)[1]
    with serving(mos) as port:
        client = Client(port)
        state = answer_all(client, token, lambda _: "4")
        assert state["phase"] == "done"
        assert client.get(f"/r/{token}/state").data["phase"] == "done"
    with Study(mos) as study:
        trials = study.trials(1)
    answers = stored(mos)
    assert answers == {(1, position): trial.expected or "4" for position, trial in enumerate(trials)}


def test_nothing_tells_the_method(mos: Path):
    token = tokens(mos)[0]
    with serving(mos) as port:
        client = Client(port)
        seen = []
        for _ in range(8):
            state = answer_all(client, token, lambda _: "3", limit=1)
            text = json.dumps(state)
            assert not any(method in text for method in METHODS)
            assert not {"kind", "repeat", "check", "method"} & state["trial"].keys()
            image = client.get(f"/r/{token}/{state['trial']['images'][0]}")
            seen.append(image)
        names = {frozenset(image.headers) for image in seen}
        assert names == {frozenset(seen[0].headers)}
        assert {"last-modified", "etag", "server"} & seen[0].headers.keys() == set()
        for image in seen:
            assert int(image.headers["content-length"]) == len(image.body)
            with Image.open(io.BytesIO(image.body)) as opened:
                assert opened.mode == "RGB"
                assert opened.info == {}
                pixels = np.asarray(opened)
            again = io.BytesIO()
            Image.fromarray(pixels).save(again, format="PNG", compress_level=6)
            assert again.getvalue() == image.body
    for path in (mos / "pictures").iterdir():
        assert path.stat().st_mtime == 0
        assert not any(method in path.name for method in METHODS)


def test_only_own_trials_and_not_the_later_ones(mos: Path):
    mine, other, _ = tokens(mos)
    with serving(mos) as port:
        client = Client(port)
        assert client.get(f"/r/{mine}/trials/0/0.png").status == 404, "before the consent"
        client.post(f"/r/{mine}/consent", {})
        assert client.get(f"/r/{mine}/trials/0/0.png").status == 200
        assert client.get(f"/r/{mine}/trials/1/0.png").status == 200, "the next one is preloaded"
        for bad in ("2/0", "0/1", "0/reference", "-1/0", "99999999999999999999/0", "0/000000000000000001",
                    "0/%2e%2e", "٠/0", "0/٠", "0/0x0"):  # fmt: skip
            assert client.get(f"/r/{mine}/trials/{quote(bad, safe='/%')}.png").status == 404, bad
        assert client.get(f"/r/{other}/trials/0/0.png").status == 404
        assert client.get(f"/r/{mine[:-1]}/state").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../study.sqlite", "/assets/..%2f..%2fdatabase.py", "/assets/%2e%2e%2fserver.py",
        "/study.sqlite",
        "/../study.sqlite", "/pictures/", "/assets/", "/assets/study.html.j2", "/r/../admin/progress",
        "/r/' OR 1=1 --/state", "/r/%27%20OR%20%271%27=%271/state", "/r/%00/state", "/links.csv",
        "/join/x", "/join/x/state",
    ],
)  # fmt: skip
def test_paths_lead_nowhere_else(mos: Path, path: str):
    with serving(mos) as port:
        reply = Client(port).get(path.replace(" ", "%20"))
        assert reply.status in (401, 404)
        assert b"SQLite" not in reply.body


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"position": 1, "value": "3"}, 409),
        ({"position": 10**8, "value": "3"}, 409),
        ({"position": -1, "value": "3"}, 422),
        ({"position": True, "value": "3"}, 422),
        ({"position": 10**30, "value": "3"}, 422),
        ({"position": "0", "value": "3"}, 422),
        ({"position": 0, "value": 3}, 422),
        ({"position": 0, "value": "6"}, 422),
        ({"position": 0, "value": "0"}, 422),
        ({"position": 0, "value": "3'); DROP TABLE answers; --"}, 422),
        ({"position": 0}, 422),
        ([], 422),
        (b"{", 422),
        (b"\xff\xfe", 422),
        (b"[" * 4000, 422),
        (b" " * 5000, 413),
    ],
)
def test_forged_answers_are_refused(mos: Path, data: object, status: int):
    token = tokens(mos)[0]
    with serving(mos) as port:
        client = Client(port)
        client.post(f"/r/{token}/consent", {})
        assert client.post(f"/r/{token}/answers", data).status == status
        assert client.get(f"/r/{token}/state").data["answered"] == 0
    assert stored(mos) == {}


def test_a_body_without_a_length_is_cut_off(mos: Path):
    token = tokens(mos)[0]
    with serving(mos) as port:
        client = Client(port)
        client.post(f"/r/{token}/consent", {})
        connection = client._connection
        connection.putrequest("POST", f"/r/{token}/answers")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        for _ in range(3):
            connection.send(b"800\r\n" + b" " * 0x800 + b"\r\n")
        assert connection.getresponse().status == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"host": "evil.example"}, 421),
        ({"host": "[::1"}, 421),
        ({"origin": "http://["}, 403),
    ],
)
def test_cross_site_posts_are_refused(mos: Path, headers: dict[str, str], status: int):
    token = tokens(mos)[0]
    with serving(mos) as port:
        client = Client(port)
        assert client.post(f"/r/{token}/consent", {}, **headers).status == status
        assert client.get(f"/r/{token}/state").data["phase"] == "welcome"
        own = {"origin": f"http://127.0.0.1:{port}", "sec-fetch-site": "same-origin"}
        assert client.post(f"/r/{token}/consent", {}, **own).status == 200


def test_every_response_forbids_what_the_page_does_not_need(mos: Path):
    token = tokens(mos)[0]
    with serving(mos) as port:
        client = Client(port)
        for path in ("/", "/admin", f"/r/{token}/", f"/r/{token}/state", "/nothing", "/assets/study.js"):
            headers = client.get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"


def test_results_need_the_admin_token(mos: Path):
    with Study(mos) as study:
        admin = study.meta("admin")
    with serving(mos) as port:
        client = Client(port)
        answer_all(client, tokens(mos)[0], lambda _: "2", limit=6)
        for path in ("/admin/progress", "/admin/answers.csv"):
            assert client.get(path).status == 401
            for wrong in ("", "x", admin[:-1], admin + "x", tokens(mos)[0]):
                assert client.get(path, authorization=f"Bearer {wrong}").status == 401
            assert client.get(f"{path}?token={admin}").status == 401
        assert (
            client.get("/admin/progress", authorization=f"Bearer {admin}").data["raters"][0]["answers"] == 6
        )
        table = client.get("/admin/answers.csv", authorization=f"Bearer {admin}").body.decode()
        assert table == command("study", "export", mos).out
        assert not any(token in table for token in tokens(mos))


def test_tokens_are_long_and_random(run_folder: Path, tmp_path: Path):
    found = [
        token
        for name in ("a", "b")
        for token in tokens(made_study(run_folder, tmp_path / name, "--raters", "40"))
    ]
    assert len(set(found)) == 80, "the same seed, but no token twice"
    assert {len(token) for token in found} == {24}, "144 bits"


def test_two_tabs_and_double_clicks_leave_one_answer(mos: Path):
    token = tokens(mos)[0]
    with serving(mos) as port:
        client = Client(port)
        answer_all(client, token, lambda _: "3", limit=5)
        position = client.get(f"/r/{token}/state").data["answered"]
        replies = []

        def click(value: str) -> None:
            replies.append(Client(port).post(f"/r/{token}/answers", {"position": position, "value": value}))

        threads = [threading.Thread(target=click, args=(value,)) for value in "11111222223333344444"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.get(f"/r/{token}/state").data["answered"] == position + 1
        kept = stored(mos)[0, position]
        assert sorted(reply.status for reply in replies) == [200] * 5 + [409] * 15
        assert all(reply.data["answered"] == position + 1 for reply in replies)
        assert kept in "1234"


def test_open_enrolment_ends_with_the_last_place(run_folder: Path, tmp_path: Path):
    folder = made_study(run_folder, tmp_path / "open", "--raters", "3", "--open")
    with Study(folder) as study:
        key = study.meta("enrolment")
    with serving(folder) as port:
        client = Client(port)
        assert client.get(f"/join/{key}").status == 200
        assert client.post("/join/other/enrol", {}).status == 404
        addresses = [client.post(f"/join/{key}/enrol", {}).data["address"] for _ in range(3)]
        assert len(set(addresses)) == 3
        assert client.post(f"/join/{key}/enrol", {}).status == 409
        token = addresses[1].split("/")[2]
        assert answer_all(client, token, lambda _: "5")["phase"] == "done"
    assert {slot for slot, _ in stored(folder)} == {1}


def test_bound_to_the_loopback_unless_told_otherwise():
    assert "[default: 127.0.0.1]" in command("study", "serve", "--help").out
    assert "evil.example" not in hosts_of("127.0.0.1", "")
    assert hosts_of("0.0.0.0", "") == frozenset()
    assert "study.example.org" in hosts_of("0.0.0.0", "https://study.example.org/x")


def test_one_line_where_there_is_no_study(tmp_path: Path):
    assert "holds no study" in command("study", "serve", tmp_path).message
    (tmp_path / "study.sqlite").write_text("not a database, but long enough to be looked at " * 4)
    assert "no study's database" in command("study", "export", tmp_path).message
