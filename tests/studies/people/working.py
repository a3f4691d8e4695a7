"""Small studies, a server in a thread, and raters that speak HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from srbench.studies.people.database import Study
from srbench.studies.people.records import Answer, Trial
from srbench.studies.people.serve import hosts_of, server_of
from tests.helpers import command, references
from tests.working import run

METHODS = "hr,nearest,bicubic,lanczos"


def finished_run(folder: Path, count: int = 5) -> Path:
    """A run of four methods on small images."""
    images = references(folder / "set", count=count, size=(48, 64))
    run(images, folder / "run", "--metrics", "psnr_y,ssim_y", methods=METHODS)
    return folder / "run"


def made_study(run_folder: Path, out: Path, *options: str) -> Path:
    """A study of the run, examples from two of its own images."""
    result = command(
        "study",
        "create",
        "--run",
        run_folder,
        "--out",
        out,
        "--seed",
        "7",
        "--calibration",
        "held-out:2",
        *options,
    )
    assert result.code == 0, result.err
    return out


@dataclass
class Reply:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Client:
    """Requests over one connection, which is opened again after a failure."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, data: Any, **headers: str) -> Reply:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        return self.ask("POST", path, body, {"content-type": "application/json", **headers})

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        named = {name.replace("_", "-"): value for name, value in {**self.headers, **headers}.items()}
        try:
            self._connection.request(method, path, body, named)
            response = self._connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise


@contextlib.contextmanager
def serving(folder: Path, patience: float = 30.0) -> Iterator[int]:
    """Serves a study on a free port of the loopback until the block ends; gives the port."""
    pytest.importorskip("uvicorn", reason="no server tests: pip install 'srbench[study]'")
    listening = socket.create_server(("127.0.0.1", 0))
    with Study(folder, patience=patience) as study:
        server = server_of(study, hosts_of("127.0.0.1", ""))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def tokens(folder: Path) -> list[str]:
    """The tokens of all raters."""
    with Study(folder) as study:
        return [rater.token for rater in study.raters()]


def stored(folder: Path) -> dict[tuple[int, int], str]:
    """All answers by slot and position."""
    with Study(folder) as study:
        return {(one.slot, one.position): one.answer.value for one in study.judged()}


def path_of(url: str) -> str:
    """The path of an address."""
    return urlsplit(url).path


def answer_all(client: Client, token: str, choose: Any, limit: int = 10**6) -> dict[str, Any]:
    """Consents and answers with `choose(trial)` until the study ends or the limit; gives the last state."""
    base = f"/r/{token}/"
    state = client.post(f"{base}consent", {}).data
    while state["phase"] == "trials" and limit > 0:
        trial = state["trial"]
        value = trial["expected"] or choose(trial)
        reply = client.post(f"{base}answers", {"position": trial["position"], "value": value})
        assert reply.status == 200, reply.body
        state, limit = reply.data, limit - 1
    return state


def answered(folder: Path, choose: Callable[[int, str, Trial], str], raters: int | None = None) -> Path:
    """The study with answers put straight into its database: `choose(slot, method, trial)`, where the method
    is that of the first version shown; examples and checks get what they expect."""
    with Study(folder) as study:
        stimuli = {one.number: one for one in study.stimuli()}
        for rater in study.raters()[:raters]:
            study.consent(rater.slot)
            for position, trial in enumerate(study.trials(rater.slot)):
                value = trial.expected or choose(rater.slot, stimuli[trial.stimuli[0]].method, trial)
                study.put_answer(rater.slot, position, Answer(value))
    return folder
