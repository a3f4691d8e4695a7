"""What goes wrong around a study: locked and full databases, moved folders, runs that are not whole."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from srbench.studies.people.database import FILE, Study
from srbench.studies.people.records import Answer
from tests.helpers import command, python
from tests.studies.people.working import Client, answer_all, answered, made_study, serving, stored, tokens


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The study's database, as another program opens it."""
    connection = sqlite3.connect(folder / FILE, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _first(client: Client, token: str) -> dict[str, object]:
    """The answer that the first trial takes."""
    trial = client.post(f"/r/{token}/consent", {}).data["trial"]
    return {"position": 0, "value": trial["expected"] or "3"}


def test_an_answer_to_a_locked_database_is_not_accepted_and_taken_later(mos: Path):
    token = tokens(mos)[0]
    with serving(mos, patience=0.1) as port, _database(mos) as other:
        client = Client(port)
        answer = _first(client, token)
        other.execute("BEGIN IMMEDIATE")
        reply = client.post(f"/r/{token}/answers", answer)
        assert (reply.status, reply.data["error"]) == (503, "the study cannot be reached now")
        assert stored(mos) == {}
        other.execute("ROLLBACK")
        assert client.post(f"/r/{token}/answers", answer).status == 200
    assert len(stored(mos)) == 1


@pytest.mark.parametrize("ending", ["ROLLBACK", "ABORT", "FAIL"])
def test_an_answer_that_cannot_be_written_leaves_nothing_behind(mos: Path, ending: str):
    """SQLite ends a transaction itself on some errors (a full disk), on others it does not."""
    token = tokens(mos)[0]
    with serving(mos) as port, _database(mos) as other:
        client = Client(port)
        answer = _first(client, token)
        other.execute(
            f"CREATE TRIGGER full AFTER INSERT ON answers BEGIN SELECT RAISE({ending}, 'disk is full'); END"
        )
        assert client.post(f"/r/{token}/answers", answer).status == 503
        assert stored(mos) == {}
        other.execute("DROP TRIGGER full")
        assert answer_all(client, token, lambda _: "4")["phase"] == "done"


def test_a_study_that_is_moved_while_it_is_served_says_so_and_loses_nothing(mos: Path):
    token = tokens(mos)[0]
    with serving(mos) as port:
        client = Client(port)
        state = answer_all(client, token, lambda _: "2", limit=3)
        moved = mos.rename(mos.with_name("moved"))
        assert client.get(f"/r/{token}/{state['trial']['images'][0]}").status == 503
        moved.rename(mos)
        assert client.get(f"/r/{token}/{state['trial']['images'][0]}").status == 200
    shutil.move(mos, mos.with_name("elsewhere"))
    with serving(mos.with_name("elsewhere")) as port:
        assert answer_all(Client(port), token, lambda _: "2")["phase"] == "done"


def test_a_run_that_is_not_whole_makes_no_study(run_folder: Path, tmp_path: Path):
    run = tmp_path / "run"
    shutil.copytree(run_folder, run)
    path = sorted((run / "images" / "bicubic" / "set" / "x4").iterdir())[0]
    create = ("study", "create", "--run", run, "--out", tmp_path / "s", "--calibration", "none")
    path.write_bytes(b"no image")
    assert "bicubic, a of set" in command(*create).message
    path.unlink()
    assert "bicubic has no output image for a of set" in command(*create).message
    assert not list((tmp_path / "s").rglob("*.png"))
    left = command(*create, "--methods", "nearest,hr")
    assert left.code == 0, left.err


def test_a_study_shows_what_the_run_had_when_it_was_made(run_folder: Path, tmp_path: Path):
    run = tmp_path / "run"
    shutil.copytree(run_folder, run)
    study = answered(made_study(run, tmp_path / "s", "--raters", "1"), lambda *_: "3")
    before = sorted(path.read_bytes() for path in (study / "pictures").iterdir())
    shutil.rmtree(run / "images" / "bicubic")
    shutil.copytree(run / "images" / "nearest", run / "images" / "bicubic")
    assert sorted(path.read_bytes() for path in (study / "pictures").iterdir()) == before
    assert "showed another image" in command("agreement", "--study", study, "--run", run).message


@pytest.mark.parametrize("design", ["mos", "2afc", "ranking"])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_every_amount_of_answers_can_be_analysed(run_folder: Path, tmp_path: Path, design: str, share: float):
    """From one rater's first answers to all; and all the same."""
    study = made_study(run_folder, tmp_path / "s", "--design", design, "--raters", "3")
    with Study(study) as opened:
        for rater in opened.raters():
            opened.consent(rater.slot)
            trials = opened.trials(rater.slot)
            examples = sum(trial.kind == "calibration" for trial in trials)
            taken = examples + int(share * (len(trials) - examples)) if share < 1 or rater.slot < 3 else 0
            for position, trial in enumerate(trials[: max(taken, examples + 1)]):
                same = {"mos": "3", "2afc": "0", "ranking": ",".join(map(str, range(len(trial.stimuli))))}
                opened.put_answer(rater.slot, position, Answer(trial.expected or same[design]))
    result = command("study", "analyze", study)
    assert (result.code, result.err) == (0, "")
    assert "nan" not in (study / "results" / "summary.md").read_text().lower().replace("lanczos", "")
    if design == "mos":
        assert "3.00 – 3.00" not in result.out, "equal ratings have no interval"


def test_it_listens_on_the_loopback_address_only(mos: Path):
    pytest.importorskip("uvicorn", reason="no server tests: pip install 'srbench[study]'")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = python("from srbench.cli import main; main()", "study", "serve", mos, "--port", str(port))
    try:
        assert server.stdout is not None
        while "progress and results" not in (line := server.stdout.readline()):
            assert line, server.communicate()
        assert f"http://127.0.0.1:{port}/admin" in line
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        # Another address of this machine, which a server on all addresses answers.
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)
    finally:
        server.terminate()
        server.communicate()
